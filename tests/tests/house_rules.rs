//! The rules of the house, read from the workspace itself: arrows point down only, the ground floor is pure, and nothing is unsafe.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The floors from the ground up; a crate may depend on its own floor and on those below.
/// The simulated carrier of the testkit is part of the product (`waxwing sim`), so it stands below the service floor that offers it.
const FLOORS: &[&str] = &["proto", "engine", "testkit", "service", "waxwing"];

/// What tests alone may use: it starts programs, and panics. It stands on a floor, but in no product.
const FOR_TESTS: &[&str] = &["waxwing-proto-testing"];

struct Crate {
    name: String,
    folder: PathBuf,
    /// Names of what it is built from in production: no dev-dependencies.
    dependencies: Vec<String>,
}

fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(["metadata", "--format-version", "1", "--locked"]).current_dir(workspace_root()).output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn members(metadata: &Value) -> Vec<Crate> {
    let root = workspace_root();
    let texts =
        |value: &Value| value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect::<BTreeSet<_>>();
    let ids = texts(&metadata["workspace_members"]);
    let packages = metadata["packages"].as_array().expect("packages").iter();
    let members = packages.filter(|package| package["id"].as_str().is_some_and(|id| ids.contains(id)));
    members
        .map(|package| {
            let manifest = PathBuf::from(package["manifest_path"].as_str().expect("a path"));
            let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
            let production = dependencies.filter(|dependency| dependency["kind"] != "dev");
            Crate {
                name: package["name"].as_str().expect("a name").to_owned(),
                folder: manifest.parent().expect("a folder").strip_prefix(&root).expect("inside").to_owned(),
                dependencies: production.filter_map(|dependency| dependency["name"].as_str().map(str::to_owned)).collect(),
            }
        })
        .collect()
}

fn floor(folder: &Path) -> Option<usize> {
    let first = folder.components().next()?.as_os_str();
    FLOORS.iter().position(|floor| first == *floor)
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            files.extend(rust_files(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
    files
}

#[test]
fn arrows_point_down_only() {
    let members = members(&metadata());
    let folders: BTreeMap<&str, &Path> = members.iter().map(|member| (member.name.as_str(), member.folder.as_path())).collect();
    assert!(members.iter().filter(|member| floor(&member.folder).is_some()).count() >= 10, "the floors were found");
    for member in &members {
        let Some(own) = floor(&member.folder) else { continue };
        for dependency in &member.dependencies {
            let Some(folder) = folders.get(dependency.as_str()) else { continue };
            let other = floor(folder).unwrap_or_else(|| panic!("{} depends on {dependency}, which stands on no floor", member.name));
            assert!(other <= own, "{} ({}) depends on {dependency} above it", member.name, FLOORS[own]);
        }
    }
}

#[test]
fn the_ground_floor_knows_no_runtime_no_sockets_and_no_clock() {
    const FORBIDDEN_CRATES: &[&str] = &["tokio", "mio", "socket2", "async-std", "smol", "hyper", "rustix", "libc", "chrono", "time"];
    // A calendar (jiff) is no clock, as long as it is not asked for the time or the zone of this machine.
    const FORBIDDEN_PATHS: &[&str] = &[
        "std::net::Tcp",
        "std::net::Udp",
        "std::fs",
        "std::process",
        "std::thread",
        "Instant::now",
        "SystemTime::now",
        "Timestamp::now",
        "Zoned::now",
        "TimeZone::system",
    ];
    let metadata = metadata();
    let nodes: BTreeMap<&str, &Value> =
        metadata["resolve"]["nodes"].as_array().expect("nodes").iter().filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let names: BTreeMap<&str, &str> =
        metadata["packages"].as_array().expect("packages").iter().filter_map(|p| Some((p["id"].as_str()?, p["name"].as_str()?))).collect();
    let mut ground = members(&metadata);
    ground.retain(|member| floor(&member.folder) == Some(0) && !FOR_TESTS.contains(&member.name.as_str()));
    for name in ["waxwing-describe", "waxwing-gsm", "waxwing-smpp", "waxwing-cmpp", "waxwing-wap", "waxwing-smart", "waxwing-mms"] {
        assert!(ground.iter().any(|member| member.name == name), "{name} stands on the ground floor");
    }
    for member in &ground {
        let start = names.iter().find(|(_, name)| **name == member.name).map(|(id, _)| *id).expect("resolved");
        let mut reached = BTreeSet::new();
        let mut open = vec![start];
        while let Some(id) = open.pop() {
            if !reached.insert(id) {
                continue;
            }
            for dependency in nodes[id]["deps"].as_array().into_iter().flatten() {
                let kinds = dependency["dep_kinds"].as_array().into_iter().flatten();
                // What only some processors need (a digest that asks which instructions there are) is the library's business.
                if kinds.into_iter().any(|kind| kind["kind"].is_null() && kind["target"].is_null()) {
                    open.extend(dependency["pkg"].as_str());
                }
            }
        }
        for id in reached {
            assert!(!FORBIDDEN_CRATES.contains(&names[id]), "{} is built from {}", member.name, names[id]);
        }
        for file in rust_files(&workspace_root().join(&member.folder).join("src")) {
            let text = std::fs::read_to_string(&file).expect("a readable file");
            for path in FORBIDDEN_PATHS {
                assert!(!text.contains(path), "{} uses {path}", file.display());
            }
        }
    }
}

#[test]
fn no_product_is_built_from_what_is_for_tests() {
    let members = members(&metadata());
    for name in FOR_TESTS {
        assert!(members.iter().any(|member| member.name == *name), "{name} is a crate of the workspace");
        for member in &members {
            assert!(!member.dependencies.iter().any(|dependency| dependency == name), "{} is built from {name}", member.name);
        }
    }
}

#[test]
fn every_crate_takes_the_workspaces_lints_which_forbid_unsafe() {
    let root = std::fs::read_to_string(workspace_root().join("Cargo.toml")).expect("the workspace's manifest");
    assert!(root.contains("unsafe_code = \"forbid\""), "the workspace forbids unsafe code");
    for member in members(&metadata()) {
        let manifest = std::fs::read_to_string(workspace_root().join(&member.folder).join("Cargo.toml")).expect("a manifest");
        let lints = manifest.split("[lints]").nth(1).unwrap_or_else(|| panic!("{} has no [lints]", member.name));
        assert!(lints.trim_start().starts_with("workspace = true"), "{} has lints of its own", member.name);
    }
}

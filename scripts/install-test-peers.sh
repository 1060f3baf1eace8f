#!/usr/bin/env bash
# Installs the programs that the whole-system tests talk to: real SMPP clients and servers, Kannel, tshark, ext4 tools.
# Debian packages go into the system (as root or through sudo), everything else into target/peers. Run it as often as you like:
# where all is there it changes nothing and takes well under a second. It names whatever it cannot install, and ends with 1 then.
set -uo pipefail
cd "$(dirname "$0")/.."
peers=tests/peers
target=${CARGO_TARGET_DIR:-target}/peers
missing=()

note() { printf 'test peers: %s\n' "$*"; }

# package=command (or file, or Python module) that shows it is there
packages=(
  tshark=tshark
  kannel=bearerbox
  kannel-extras=/usr/lib/kannel/test/test_si
  gammu=gammu
  libwbxml2-utils=xml2wbxml
  mmsd-tng=mmsdtng
  dbus-daemon=dbus-daemon
  python3-dbusmock=/usr/lib/python3/dist-packages/dbusmock
  python3-gi=/usr/lib/python3/dist-packages/gi
  libnet-smpp-perl=/usr/share/perl5/Net/SMPP.pm
  e2fsprogs=mkfs.ext4
  mount=losetup
  util-linux=findmnt
  python3=python3
  python3-venv=module:ensurepip
  nodejs=node
  openssl=openssl
  npm=npm
  swaks=swaks
  libnet-ssleay-perl=/usr/share/doc/libnet-ssleay-perl/copyright
  chromium=chromium
  ffmpeg=ffmpeg
  libavcodec-extra=/usr/share/doc/libavcodec-extra/copyright
  imagemagick=/usr/bin/identify
  libimage-exiftool-perl=exiftool
  webp=gif2webp
)

have() {
  case $1 in
    /*) [ -e "$1" ] ;;
    module:*) python3 -c "import ${1#module:}" 2>/dev/null ;;
    *) PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 ;;
  esac
}

absent=()
for entry in "${packages[@]}"; do
  have "${entry#*=}" || absent+=("${entry%%=*}")
done
if [ ${#absent[@]} -gt 0 ]; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo -n)
  if ! command -v apt-get >/dev/null 2>&1; then
    note "no apt-get here; install by your system's means: ${absent[*]}"
    missing+=("${absent[@]}")
  elif [ ${#root[@]} -gt 0 ] && ! sudo -n true 2>/dev/null; then
    note "neither root nor password-free sudo; run: sudo apt-get install ${absent[*]}"
    missing+=("${absent[@]}")
  else
    note "installing Debian packages: ${absent[*]}"
    # Kannel must not come up as a service, and tshark must not ask who may capture.
    install=("${root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -y --no-install-recommends install)
    if ! "${install[@]}" "${absent[@]}" >/dev/null 2>"${TMPDIR:-/tmp}/apt-err.$$"; then
      "${root[@]}" apt-get -qq update >/dev/null 2>&1
      "${install[@]}" "${absent[@]}" >/dev/null 2>"${TMPDIR:-/tmp}/apt-err.$$" || tail -n 5 "${TMPDIR:-/tmp}/apt-err.$$" >&2
    fi
    rm -f "${TMPDIR:-/tmp}/apt-err.$$"
    for entry in "${packages[@]}"; do
      have "${entry#*=}" || missing+=("${entry%%=*} (apt-get install ${entry%%=*})")
    done
  fi
fi

mkdir -p "$target"

# Python clients, in an environment of their own, stamped with the list that they were installed from.
if ! cmp -s "$peers/requirements.txt" "$target/venv/installed-from.txt"; then
  note "installing Python clients into $target/venv"
  if python3 -m venv --clear "$target/venv" &&
     "$target/venv/bin/pip" install --quiet --disable-pip-version-check -r "$peers/requirements.txt"; then
    cp "$peers/requirements.txt" "$target/venv/installed-from.txt"
  else
    missing+=("Python packages of $peers/requirements.txt (python3 -m venv $target/venv && $target/venv/bin/pip install -r $peers/requirements.txt)")
  fi
fi

# Node's smpp module, client and server.
if ! cmp -s "$peers/package-lock.json" "$target/node/installed-from.json"; then
  note "installing the node module into $target/node"
  mkdir -p "$target/node"
  cp "$peers/package.json" "$peers/package-lock.json" "$target/node/"
  if (cd "$target/node" && npm ci --silent --no-fund --no-audit); then
    cp "$peers/package-lock.json" "$target/node/installed-from.json"
  else
    missing+=("node modules of $peers/package.json (cd $target/node && npm ci)")
  fi
fi

# A CMPP client in Rust, a program of its own so that its dependencies stay out of the gateway's build.
cmpp=$peers/cmppprotocol
if ! cat "$cmpp/Cargo.lock" "$cmpp/src/main.rs" | cmp -s - "$target/cmppprotocol/installed-from.txt"; then
  note "building the CMPP client into $target/cmppprotocol"
  mkdir -p "$target/cmppprotocol"
  if cargo build --quiet --locked --manifest-path "$cmpp/Cargo.toml" --target-dir "$target/cmppprotocol/build"; then
    cat "$cmpp/Cargo.lock" "$cmpp/src/main.rs" >"$target/cmppprotocol/installed-from.txt"
  else
    missing+=("the CMPP client of $cmpp (cargo build --manifest-path $cmpp/Cargo.toml --target-dir $target/cmppprotocol/build)")
  fi
fi

if [ ${#missing[@]} -gt 0 ]; then
  note "these are missing, and the tests that need them would fail:"
  printf '  - %s\n' "${missing[@]}"
  exit 1
fi
note "all there"

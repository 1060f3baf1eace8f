//! Contents made to fit the phone.

use std::net::SocketAddr;
use std::path::Path;

use waxwing_tests::Config;
use waxwing_tests::http::{self, Catcher};
use waxwing_tests::mm1::{Answer, Mm1};
use waxwing_tests::mms::{Network, to_send};

use crate::common::*;

/// A small old phone.
const PROFILE: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
         xmlns:prf="http://www.openmobilealliance.org/tech/profiles/UAPROF/ccppschema-20021212#"
         xmlns:mms="http://www.wapforum.org/profiles/MMS/ccppschema-20010111#">
 <rdf:Description rdf:ID="Phone">
  <prf:component>
   <rdf:Description rdf:ID="HardwarePlatform"><prf:Model>Small</prf:Model><prf:ScreenSize>128x128</prf:ScreenSize></rdf:Description>
  </prf:component>
  <prf:component>
   <rdf:Description rdf:ID="MmsCharacteristics">
    <mms:MmsMaxMessageSize>102400</mms:MmsMaxMessageSize>
    <mms:MmsMaxImageResolution>128x128</mms:MmsMaxImageResolution>
    <mms:MmsCcppAccept><rdf:Bag><rdf:li>image/gif</rdf:li><rdf:li>image/jpeg</rdf:li><rdf:li>text/plain</rdf:li></rdf:Bag></mms:MmsCcppAccept>
   </rdf:Description>
  </prf:component>
 </rdf:Description>
</rdf:RDF>"##;

/// What ImageMagick says of the pictures in a message: format, width and height.
fn pictures(folder: &Path, message: &Answer) -> Vec<String> {
    let identify = |(media, octets): (String, Vec<u8>)| {
        std::fs::write(folder.join("picture"), octets).unwrap();
        format!("{media} {}", run(folder, "identify", "-format %m:%wx%h picture"))
    };
    message.parts().into_iter().filter(|(media, _)| media.starts_with("image/")).map(identify).collect()
}

/// A message with a photo of 1024 by 768, and the same as a PNG, to two phones; where each of them finds it.
fn photo(net: &mut Network, folder: &Path) -> [String; 2] {
    run(folder, "convert", "-size 1024x768 plasma: photo.jpg");
    run(folder, "convert", "photo.jpg -resize 50% drawing.png");
    let [photo, drawing] = ["photo.jpg", "drawing.png"].map(|name| std::fs::read(folder.join(name)).unwrap());
    let parts: [(&str, &str, &[u8]); 2] = [("image/jpeg", "photo.jpg", &photo), ("image/png", "drawing.png", &drawing)];
    send(&mut net.phone(ALICE), &to_send("T1", &[BOB, CAROL], "Photo").multipart(&parts));
    let mut told = [net.next_push(), net.next_push()];
    told.sort_by(|one, other| one.to.cmp(&other.to));
    told.map(|pushed| pushed.pdu.text(LOCATION))
}

/// What a server was asked for so far.
fn asked_of(server: &mut Catcher) -> Vec<String> {
    assert_eq!(http::get(server.address(), "/the-last").status, 200);
    // It serves one after the other.
    server.wait_for("the last request", BOUND, |caught| caught.target == "/the-last");
    server.unread().iter().map(|caught| format!("{} {}", caught.method, caught.target)).collect()
}

fn with_profile(net: &Network, number: &str, agent: &str, server: SocketAddr) -> Mm1 {
    net.phone(number).with("user-agent", agent).with("x-wap-profile", &format!("\"http://{server}/small.rdf\""))
}

#[test]
fn pictures_are_made_to_fit_the_phones_profile_which_is_fetched_once() {
    let folder = folder();
    let mut server = Catcher::serving("application/xml", PROFILE);
    let config = Config::without_doors().root().mmsc("unknown = \"phone\"").with("[callback]\nallow = [\"127.0.0.1/32\"]");
    let mut net = Network::start_with(config);
    let [bobs, carols] = photo(&mut net, folder.path());
    for (number, agent, location) in [(BOB, "Small/1.0", &bobs), (BOB, "Small/1.0", &bobs), (CAROL, "Small/1.1", &carols)] {
        let (status, got) = with_profile(&net, number, agent, server.address()).get(location);
        assert_eq!((status, got.kind()), (200, RETRIEVE_CONF));
        let pictures = pictures(folder.path(), &got);
        assert_eq!(pictures[0], "image/jpeg JPEG:128x96", "{pictures:?}");
        assert!(["image/jpeg JPEG:128x96", "image/gif GIF:128x96"].contains(&pictures[1].as_str()), "{pictures:?}");
        assert!(got.octets.len() <= 102_400);
    }
    assert_eq!(asked_of(&mut server), ["GET /small.rdf"]);
}

#[test]
fn profiles_in_the_centres_own_network_are_left_alone() {
    let folder = folder();
    let mut server = Catcher::serving("application/xml", PROFILE);
    let mut net = start();
    let [bobs, _] = photo(&mut net, folder.path());
    let (status, got) = with_profile(&net, BOB, "Small/1.0", server.address()).get(&bobs);
    assert_eq!((status, got.kind()), (200, RETRIEVE_CONF));
    // As for a phone that nothing is known of.
    assert_eq!(pictures(folder.path(), &got), ["image/jpeg JPEG:640x480", "image/png PNG:512x384"]);
    assert_eq!(asked_of(&mut server), Vec::<String>::new());
}

#[test]
fn sounds_and_films_are_converted_and_otherwise_become_words() {
    let folder = folder();
    let mut net = Network::start("unknown = \"phone\"\nffmpeg = \"ffmpeg\"");
    run(folder.path(), "ffmpeg", "-v error -f lavfi -i sine=frequency=440:duration=2 -c:a aac tone.m4a");
    run(folder.path(), "ffmpeg", "-v error -f lavfi -i testsrc=duration=1:size=320x240:rate=10 -c:v mpeg4 film.mp4");
    let [tone, film] = ["tone.m4a", "film.mp4"].map(|name| std::fs::read(folder.path().join(name)).unwrap());
    let parts: [(&str, &str, &[u8]); 2] = [("audio/mp4", "tone.m4a", &tone), ("video/mp4", "film.mp4", &film)];
    send(&mut net.phone(ALICE), &to_send("T1", &[BOB], "Listen").multipart(&parts));
    let location = net.notified(BOB);
    let fetched = |accept: &str| {
        let (status, got) = net.phone(BOB).with("accept", accept).get(&location);
        assert_eq!((status, got.kind()), (200, RETRIEVE_CONF));
        got.parts()
    };
    let codec = |(media, octets): &(String, Vec<u8>)| {
        std::fs::write(folder.path().join("media"), octets).unwrap();
        let said = run(folder.path(), "ffprobe", "-v error -show_entries stream=codec_name,sample_rate -of csv=p=0 media");
        format!("{media} {}", said.trim())
    };
    let words = |(media, octets): &(String, Vec<u8>)| format!("{media} {}", String::from_utf8_lossy(octets));

    let speech = fetched("audio/amr");
    assert_eq!(codec(&speech[0]), "audio/amr amr_nb,8000");
    assert_eq!(words(&speech[1]), "text/plain [film.mp4: this phone cannot show video/mp4]");
    let small = fetched("text/plain, video/3gpp");
    assert_eq!(words(&small[0]), "text/plain [tone.m4a: this phone cannot show audio/mp4]");
    assert!(codec(&small[1]).starts_with("video/3gpp h263"), "{}", codec(&small[1]));
    let none = fetched("text/plain");
    assert!(none.iter().all(|part| part.0 == "text/plain") && words(&none[0]).contains("tone.m4a"), "{none:?}");
    // What is taken as it is comes as it is.
    let same = fetched("audio/mp4, video/mp4");
    assert!(same[0] == ("audio/mp4".to_owned(), tone) && same[1] == ("video/mp4".to_owned(), film), "untouched");
}

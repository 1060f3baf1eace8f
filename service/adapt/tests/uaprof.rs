//! Profiles of phones: both namespaces, old spellings, and documents as broken as real ones are.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use waxwing_adapt::{Capabilities, ContentClass, MmsVersion, PROFILE_MOST, Profile, Size, Sources};

/// After the example of WAP-248 and the properties of OMA-MMS-CTR 1.0: the first namespace, a Bag for each list, defaults.
const FIRST: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE rdf:RDF [<!ENTITY ns-rdf "http://www.w3.org/1999/02/22-rdf-syntax-ns#">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
         xmlns:prf="http://www.wapforum.org/profiles/UAPROF/ccppschema-20010430#"
         xmlns:mms="http://www.wapforum.org/profiles/MMS/ccppschema-20010111#">
 <rdf:Description rdf:ID="MyDeviceProfile">
  <!-- the device -->
  <prf:component>
   <rdf:Description rdf:ID="HardwarePlatform">
    <rdf:type rdf:resource="http://www.wapforum.org/profiles/UAPROF/ccppschema-20010430#HardwarePlatform"/>
    <prf:defaults>
     <rdf:Description><prf:BitsPerPixel>8</prf:BitsPerPixel><prf:ScreenSize>96x65</prf:ScreenSize></rdf:Description>
    </prf:defaults>
    <prf:Vendor>Example &amp; Sons</prf:Vendor>
    <prf:Model>EX-1</prf:Model>
    <prf:ScreenSize>176x208</prf:ScreenSize>
    <prf:ColorCapable>Yes</prf:ColorCapable>
    <prf:ImageCapable>Yes</prf:ImageCapable>
   </rdf:Description>
  </prf:component>
  <prf:component>
   <rdf:Description rdf:ID="SoftwarePlatform">
    <prf:CcppAccept><rdf:Bag><rdf:li>image/tiff</rdf:li><rdf:li>text/html</rdf:li></rdf:Bag></prf:CcppAccept>
    <prf:CcppAccept-Charset><rdf:Bag><rdf:li>Shift_JIS</rdf:li></rdf:Bag></prf:CcppAccept-Charset>
   </rdf:Description>
  </prf:component>
  <prf:component>
   <rdf:Description rdf:ID="MmsCharacteristics">
    <rdf:type rdf:resource="http://www.wapforum.org/profiles/MMS/ccppschema-20010111#MmsCharacteristics"/>
    <mms:MmsMaxMessageSize>102400</mms:MmsMaxMessageSize>
    <mms:MmsMaxImageResolution>640x480</mms:MmsMaxImageResolution>
    <mms:MmsCcppAccept>
     <rdf:Bag>
      <rdf:li>image/jpeg</rdf:li>
      <rdf:li>image/gif</rdf:li>
      <rdf:li>audio/amr</rdf:li>
      <rdf:li>text/x-vCard</rdf:li>
      <rdf:li>application/smil</rdf:li>
     </rdf:Bag>
    </mms:MmsCcppAccept>
    <mms:MmsCcppAccept-CharSet>
     <rdf:Bag><rdf:li>UTF-8</rdf:li><rdf:li>US-ASCII</rdf:li><rdf:li>ISO-8859-1</rdf:li></rdf:Bag>
    </mms:MmsCcppAccept-CharSet>
    <mms:MmsCcppAccept-Language><rdf:Seq><rdf:li>en</rdf:li></rdf:Seq></mms:MmsCcppAccept-Language>
    <mms:MmsVersion>1.0</mms:MmsVersion>
   </rdf:Description>
  </prf:component>
 </rdf:Description>
</rdf:RDF>"##;

/// The namespace of MMS 1.2, spelt as it spells, `about` for `ID`, several versions, a content class.
const SECOND: &str = r##"<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:prf="http://www.openmobilealliance.org/tech/profiles/UAPROF/ccppschema-20030226#"
  xmlns:mms="http://www.openmobilealliance.org/tech/profiles/MMS/ccppschema-20050301-MMS1.2#">
 <rdf:Description rdf:about="http://example.com/phones/2#Device">
  <prf:component>
   <rdf:Description rdf:about="http://example.com/phones/2#HardwarePlatform">
    <prf:BitsPerPixel>18</prf:BitsPerPixel><prf:ScreenSize>240x320</prf:ScreenSize>
   </rdf:Description>
  </prf:component>
  <prf:component>
   <rdf:Description rdf:about="http://example.com/phones/2#MmsCharacteristics">
    <mms:MmsMaxMessageSize>614400</mms:MmsMaxMessageSize>
    <mms:MmsMaxImageResolution>1600x1200</mms:MmsMaxImageResolution>
    <mms:MmsCCPPAccept><rdf:Bag><rdf:li>image/*</rdf:li><rdf:li>video/3gpp</rdf:li></rdf:Bag></mms:MmsCCPPAccept>
    <mms:MmsCCPPAcceptCharSet><rdf:Bag><rdf:li>utf-8</rdf:li></rdf:Bag></mms:MmsCCPPAcceptCharSet>
    <mms:MmsVersion><rdf:Bag><rdf:li>1.0</rdf:li><rdf:li>1.2</rdf:li><rdf:li>1.1</rdf:li></rdf:Bag></mms:MmsVersion>
    <mms:MmsSmilBaseSet>MMS-CONF1.2</mms:MmsSmilBaseSet>
    <mms:MmsContentClass>megapixel</mms:MmsContentClass>
   </rdf:Description>
  </prf:component>
 </rdf:Description>
</rdf:RDF>"##;

#[test]
fn the_first_namespace() {
    let profile = Profile::from_uaprof(FIRST.as_bytes()).unwrap();
    assert_eq!(
        profile.accept.as_ref().unwrap().iter().collect::<Vec<_>>(),
        ["image/jpeg", "image/gif", "audio/amr", "text/x-vcard", "application/smil"]
    );
    assert_eq!(profile.charsets.as_ref().unwrap(), &["utf-8", "us-ascii", "iso-8859-1"]);
    assert_eq!((profile.vendor.as_deref(), profile.model.as_deref()), (Some("Example & Sons"), Some("EX-1")));
    let expected = Profile {
        max_message_size: Some(102_400),
        max_image: Some(Size::new(640, 480)),
        screen: Some(Size::new(176, 208)),
        color: Some(true),
        bits_per_pixel: Some(8),
        mms_version: Some(MmsVersion { major: 1, minor: 0 }),
        smil: Some(true),
        accept: profile.accept.clone(),
        charsets: profile.charsets.clone(),
        vendor: profile.vendor.clone(),
        model: profile.model.clone(),
        content_class: None,
    };
    assert_eq!(profile, expected);
}

#[test]
fn the_second_namespace() {
    let profile = Profile::from_uaprof(SECOND.as_bytes()).unwrap();
    assert_eq!(profile.max_message_size, Some(600 * 1024));
    assert_eq!(profile.max_image, Some(Size::new(1600, 1200)));
    assert_eq!((profile.bits_per_pixel, profile.screen), (Some(18), Some(Size::new(240, 320))));
    assert_eq!(profile.mms_version, Some(MmsVersion { major: 1, minor: 2 }));
    assert_eq!((profile.smil, profile.content_class), (Some(true), Some(ContentClass::Megapixel)));
    let phone = Capabilities::resolve(&Sources { uaprof: Some(&profile), ..Sources::default() }, &Capabilities::default());
    assert!(phone.accept.accepts("image/png") && phone.accept.accepts("video/3gpp") && !phone.accept.accepts("audio/amr"));
}

/// The same as UTF-16, as with a byte order mark, without any prefix declared, and with all on one line.
#[test]
fn it_says_the_same_however_it_is_written() {
    let expected = Profile::from_uaprof(FIRST.as_bytes()).unwrap();
    let marked = [&b"\xef\xbb\xbf"[..], FIRST.as_bytes()].concat();
    let wide: Vec<u8> = [0xfeff].into_iter().chain(FIRST.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let undeclared = FIRST.replace("xmlns:mms=", "xmlns:other=").replace("xmlns:rdf=", "xmlns:x=");
    let one_line = FIRST.replace('\n', " ");
    for document in [marked, wide, undeclared.into_bytes(), one_line.into_bytes()] {
        assert_eq!(Profile::from_uaprof(&document).unwrap(), expected);
    }
}

#[test]
fn broken_documents_are_read_as_far_as_they_go() {
    // Cut short in the middle of a list.
    let cut = &FIRST[..FIRST.find("<rdf:li>audio/amr").unwrap()];
    let profile = Profile::from_uaprof(cut.as_bytes()).unwrap();
    assert_eq!((profile.max_message_size, profile.accept.unwrap().iter().count()), (Some(102_400), 2));
    // Bare ampersands, tags never closed, no Bag, Latin-1, RDF's short form.
    let document = b"<RDF><Description ID='MmsCharacteristics' MmsVersion='1.1'><Vendor>A & B\xe9<MmsMaxMessageSize>300K\
        <CcppAccept>image/gif, image/png\n text/plain</CcppAccept><MmsMaxImageResolution>x</MmsMaxImageResolution></RDF>";
    let profile = Profile::from_uaprof(document).unwrap();
    assert_eq!((profile.max_message_size, profile.max_image), (Some(300 * 1024), None));
    assert_eq!(profile.accept.unwrap().iter().collect::<Vec<_>>(), ["image/gif", "image/png", "text/plain"]);
    assert_eq!((profile.mms_version, profile.vendor.as_deref()), (Some(MmsVersion { major: 1, minor: 1 }), Some("A & B\u{fffd}")));
}

/// The browser's media types, for want of better ones.
#[test]
fn a_document_without_mms_says_what_it_can() {
    let document =
        "<rdf:RDF><rdf:Description rdf:ID='BrowserUA'><prf:CcppAccept><rdf:Bag><rdf:li>image/gif</rdf:li></rdf:Bag></prf:CcppAccept>";
    let profile = Profile::from_uaprof(document.as_bytes()).unwrap();
    assert!(profile.accept.unwrap().accepts("image/gif"));
}

#[test]
fn every_truncation_and_endless_ones() {
    for document in [FIRST, SECOND] {
        for length in 0..document.len() {
            let _ = Profile::from_uaprof(&document.as_bytes()[..length]);
        }
    }
    let endless = ["<a", "<!--", "<![CDATA[", "&amp;", "<rdf:li>", "<MmsCcppAccept>a/b,", "\"'", "<prf:defaults>"];
    for piece in endless {
        let document = piece.repeat(PROFILE_MOST / piece.len());
        let info = allocation_counter::measure(|| drop(Profile::from_uaprof(document.as_bytes())));
        assert!(info.bytes_max < 4 << 20, "{piece}: {} octets", info.bytes_max);
    }
}

proptest! {
    #[test]
    fn mutations_do_no_harm(at in 0..FIRST.len(), octets in proptest::collection::vec(any::<u8>(), 0..8), take in 0..40_usize) {
        let mut document = FIRST.as_bytes().to_vec();
        let end = (at + take).min(document.len());
        document.splice(at..end, octets);
        let _ = Profile::from_uaprof(&document);
    }
}

//! SMIL: made as every phone takes it, read as phones make it, checked, and rewritten.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use waxwing_mms::smil::{self, Finding, Length, MediaKind, Style};
use waxwing_mms::{Part, Smil};
use waxwing_wap::wsp::ContentType;

fn part(media: &str, name: &str) -> Part {
    Part::new(ContentType::new(media), &b"data"[..]).with_content_location(name)
}

#[test]
fn a_presentation_has_slides_of_two_regions() {
    let parts = [
        part("image/jpeg", "a.jpg"),
        part("text/plain", "a.txt"),
        part("audio/amr", "a.amr"),
        part("text/plain", "b&c.txt"),
        part("video/3gpp", "d.3gp"),
        part("text/x-vCard", "card.vcf"),
        part("image/gif", "e.gif"),
    ];
    let text = Smil::compose(&parts, &Style::default()).to_xml();
    let expected = "<smil><head><layout><root-layout width=\"240\" height=\"320\"/>\
        <region id=\"Image\" width=\"100%\" height=\"70%\" left=\"0%\" top=\"0%\" fit=\"meet\"/>\
        <region id=\"Text\" width=\"100%\" height=\"30%\" left=\"0%\" top=\"70%\" fit=\"scroll\"/></layout></head><body>\
        <par dur=\"30000ms\"><img src=\"a.jpg\" region=\"Image\"/><text src=\"a.txt\" region=\"Text\"/><audio src=\"a.amr\"/></par>\
        <par dur=\"30000ms\"><text src=\"b&amp;c.txt\" region=\"Text\"/><video src=\"d.3gp\" region=\"Image\"/></par>\
        <par dur=\"5000ms\"><img src=\"e.gif\" region=\"Image\"/></par></body></smil>";
    assert_eq!(text, expected);
    // Well-formed, says another reader.
    let document = roxmltree::Document::parse(&text).unwrap();
    assert_eq!(document.descendants().filter(|node| node.has_tag_name("par")).count(), 3);
    let smil = Smil::parse(&text).unwrap();
    assert_eq!(smil.check(&parts), [Finding::Unused("card.vcf".to_owned())]);

    // With text above, and with one of both alone.
    let style = Style { text_first: true, duration: Duration::from_millis(2500), ..Style::default() };
    let smil = Smil::compose(&parts[..2], &style);
    let tops: Vec<_> = smil.regions.iter().map(|region| (region.id.as_str(), region.top, region.height)).collect();
    let percent = |number| Some(Length::Percent(number));
    assert_eq!(tops, [("Image", percent(30), percent(70)), ("Text", percent(0), percent(30))]);
    assert_eq!(smil.slides[0].duration, Some(Duration::from_millis(2500)));
    let text_only = Smil::compose(&parts[1..2], &style);
    assert_eq!((text_only.regions.len(), text_only.regions[0].height, text_only.regions[0].top), (1, percent(100), percent(0)));
}

#[test]
fn presentations_of_phones_are_read() {
    let text = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE smil PUBLIC \"-//W3C//DTD SMIL 2.0//EN\" \"http://x\">\n\
        <SMIL xmlns='http://www.w3.org/2001/SMIL20/Language'><head><meta name=title content=\"a > b\"/><layout>\
        <root-layout width=\"128px\" height='160' background-color=\"#fff\"/><region id=Image top=0 left=0 width=100% height=50%>\
        <region id=\"Text\" top=\"50%\"/></layout></head><!-- <par> --><body>\
        <par dur=\"5s\"><img src=\"cid:1@a\" region=\"Image\" alt='an &quot;image&quot;' begin=\"0.5s\" end=\"3s\"></img>\
        <text src=\"t.txt?a=1&b=2\" region=\"Text\"><param name=\"foreground-color\" value=\"#000000\"/></text></par>\
        <seq><par><par dur=\"00:07\"><audio src='s.amr'/></par></par></seq><img src=\"loose.gif\" dur=\"2s\"/>\
        <switch><transition/></switch><par dur=\"indefinite\"></body></SMIL>\0\0";
    let smil = Smil::parse(text).unwrap();
    assert_eq!((smil.width, smil.height), (Some(Length::Pixels(128)), Some(Length::Pixels(160))));
    let regions: Vec<_> = smil.regions.iter().map(|region| (region.id.as_str(), region.top)).collect();
    assert_eq!(regions, [("Image", Some(Length::Pixels(0))), ("Text", Some(Length::Percent(50)))]);
    let slides: Vec<_> = smil.slides.iter().map(|slide| (slide.duration.map(|time| time.as_millis()), slide.media.len())).collect();
    assert_eq!(slides, [(Some(5000), 2), (Some(7000), 1), (Some(2000), 1), (None, 0)]);
    let image = &smil.slides[0].media[0];
    assert_eq!((image.kind, image.source.as_str(), image.alternative.as_deref()), (MediaKind::Image, "cid:1@a", Some("an \"image\"")));
    assert_eq!((image.begin, image.end), (Some(Duration::from_millis(500)), Some(Duration::from_secs(3))));
    assert_eq!(smil.slides[0].media[1].source, "t.txt?a=1&b=2");
    assert_eq!(smil.foreign, ["switch", "transition"]);
}

#[test]
fn what_phones_may_not_show_is_found() {
    let text = "<smil><head><layout><region id=\"Other\"/></layout></head><body><par><img src=\"a\" region=\"Image\"/><img src=\"b\"/>\
        <animate/></par></body></smil>";
    let parts = [part("image/gif", "a"), part("image/gif", "c")];
    let found: Vec<String> = Smil::parse(text).unwrap().check(&parts).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "the element animate is not one of MMS",
            "the layout has the region \"Other\"; phones know Image and Text",
            "slide 1 has no duration",
            "slide 1 has more than one img",
            "slide 1 shows something in the region \"Image\", which the layout does not have",
            "slide 1 refers to \"b\", which is no part of the message",
            "no slide shows the part \"c\"",
        ]
    );
    assert_eq!(Smil::parse("<smil/>").unwrap().check(&[]), [Finding::NoSlide]);
}

#[test]
fn references_are_rewritten_where_they_stand() {
    let text = "<smil>\n <par><IMG region = \"Image\" SRC = 'a&amp;b.jpg' /><text src=t.txt></text><a href=\"a&amp;b.jpg\"/></par></smil>";
    let rewritten = smil::rewrite(text, |source| match source {
        "a&b.jpg" => Some("it's.jpg".to_owned()),
        "t.txt" => Some("u \"v\".txt".to_owned()),
        _ => None,
    });
    let expected = "<smil>\n <par><IMG region = \"Image\" SRC = 'it&#39;s.jpg' /><text src=\"u &quot;v&quot;.txt\"></text>\
        <a href=\"a&amp;b.jpg\"/></par></smil>";
    assert_eq!(rewritten.unwrap(), expected);
    assert_eq!(smil::sources(expected).unwrap(), ["it's.jpg", "u \"v\".txt"]);
}

#[test]
fn parts_get_names_of_their_own() {
    let parts = vec![
        part("image/jpeg", "bild größe.jpg"),
        Part::new(ContentType::new("image/jpeg"), &b"x"[..]),
        part("image/jpeg", "/tmp/x/a.jpg"),
        part("image/gif", "a.jpg"),
        part("application/smil", "old.smil"),
        part("text/plain", "smil.smil"),
    ];
    let multipart = smil::present(parts, &Style::default());
    let names: Vec<_> = multipart.parts.iter().map(|part| part.name().unwrap()).collect();
    assert_eq!(names, ["smil.smil", "bild_gr__e.jpg", "part2.jpg", "a.jpg", "part4.gif", "part5.txt"]);
    for part in &multipart.parts[1..] {
        let name = part.name();
        assert_eq!((part.content_id(), part.content_location()), (name.as_deref(), name.as_deref()));
    }
    assert_eq!(multipart.referred("cid:part2.jpg").unwrap().name().as_deref(), Some("part2.jpg"));
}

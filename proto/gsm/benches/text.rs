//! What text costs: septets and their packing, UCS-2, headers, the splitting of long messages. Time and allocations.

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box, black_box_drop};
use waxwing_gsm::alphabet::{Alphabet, pack};
use waxwing_gsm::charset::Charset;
use waxwing_gsm::segment::{TextPolicy, count_segments, segment};
use waxwing_gsm::udh::UserDataHeader;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Fills a short message but for three septets.
const GSM: &str = "Zürich: your parcel 4711 waits at the station until 18:00. Bring your passport, the code 123456 and £5 in cash. \
                   Questions? Call 0800 123 456 or ask our Staff!";
/// Fills one too: 70 characters.
const CYRILLIC: &str = "Ваш код 123456. Никому его не сообщайте. Он действует десять минут. ОК";

fn septets() -> Vec<u8> {
    Alphabet::DEFAULT.encode_lossy(GSM).octets
}

#[divan::bench(name = "septets: packed")]
fn packed(bencher: Bencher<'_, '_>) {
    let septets = septets();
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| pack::pack(black_box(&septets), 1));
}

#[divan::bench(name = "septets: unpacked")]
fn unpacked(bencher: Bencher<'_, '_>) {
    let (octets, count) = (pack::pack(&septets(), 1), septets().len());
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| pack::unpack(black_box(&octets), count, 1));
}

/// One text for each charset that carriers ask for.
const CHARSETS: [Charset; 4] = [Charset::Gsm7, Charset::Latin1, Charset::Ucs2, Charset::Utf8];

const fn text(charset: Charset) -> &'static str {
    if matches!(charset, Charset::Ucs2) { CYRILLIC } else { GSM }
}

#[divan::bench(name = "text encoded", args = CHARSETS)]
fn encoded(bencher: Bencher<'_, '_>, charset: Charset) {
    let text = text(charset);
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| charset.encode(black_box(text)));
}

#[divan::bench(name = "text decoded", args = CHARSETS)]
fn decoded(bencher: Bencher<'_, '_>, charset: Charset) {
    let Ok(octets) = charset.encode(text(charset)) else { return };
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| charset.decode(black_box(&octets)));
}

#[divan::bench(name = "charset found by its name", args = ["gsm-7bit", "iso-8859-1", "ucs2"])]
fn named(bencher: Bencher<'_, '_>, name: &str) {
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| black_box_drop(black_box(name).parse::<Charset>()));
}

#[divan::bench(name = "header read", args = ["050003cc0201", "0b0504158a158a0003cc0201"])]
fn header(bencher: Bencher<'_, '_>, hex: &str) {
    let octets: Vec<u8> = (0..hex.len()).step_by(2).filter_map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect();
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| black_box_drop(UserDataHeader::parse(black_box(&octets))));
}

/// Texts of one and of three parts, in the GSM alphabet and in UCS-2.
const TEXTS: [(&str, &str, usize); 4] =
    [("GSM, 1 part", GSM, 1), ("GSM, 3 parts", GSM, 2), ("UCS-2, 1 part", CYRILLIC, 1), ("UCS-2, 3 parts", CYRILLIC, 2)];

fn names() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|(name, ..)| *name)
}

fn long(name: &str) -> String {
    TEXTS.iter().find(|(known, ..)| *known == name).map(|(_, text, times)| text.repeat(*times)).unwrap_or_default()
}

#[divan::bench(name = "message segmented", args = names())]
fn segmented(bencher: Bencher<'_, '_>, name: &str) {
    let (text, policy) = (long(name), TextPolicy::default());
    assert_eq!(segment(&text, &policy, 1).map(|parts| parts.len()), Ok(if name.ends_with("3 parts") { 3 } else { 1 }));
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| segment(black_box(&text), &policy, 42));
}

#[divan::bench(name = "segments counted", args = names())]
fn counted(bencher: Bencher<'_, '_>, name: &str) {
    let (text, policy) = (long(name), TextPolicy::default());
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| count_segments(black_box(&text), &policy));
}

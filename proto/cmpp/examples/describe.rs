//! Describes the PDU given as hexadecimal digits: `cargo run --example describe -- 0000000c0000000800000001`.
#![allow(clippy::print_stdout)]

use waxwing_cmpp::describe::describe;

fn main() {
    let digits: Vec<u8> = std::env::args()
        .skip(1)
        .flat_map(|word| word.into_bytes())
        .filter_map(|c| char::from(c).to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    let octets: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    let description = describe(&octets, None);
    println!("{description}\n\n{}", description.to_json());
}

//! Figures as people read them.

/// About three digits: "1,234,568", "312", "31.2", "3.12", "0.031".
pub fn figure(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if !value.is_finite() => value.to_string(),
        _ if size >= 999.5 => grouped(value),
        _ if size >= 99.95 => format!("{value:.0}"),
        _ if size >= 9.995 => format!("{value:.1}"),
        _ if size >= 0.1 => format!("{value:.2}"),
        _ if size == 0.0 => "0".to_owned(),
        _ => format!("{value:.3}"),
    }
}

fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::from(if value < 0.0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_about_three_digits() {
        let cases = [
            (0.0, "0"),
            (0.0312, "0.031"),
            (3.123, "3.12"),
            (99.96, "100"),
            (312.4, "312"),
            (999.6, "1,000"),
            (1_234_567.8, "1,234,568"),
            (-4321.0, "-4,321"),
        ];
        for (value, text) in cases {
            assert_eq!(figure(value), text);
        }
    }
}

//! Parts of a text between marker comments, each replaced by itself.

/// Puts `part` between the markers of that name, in place of what stood there. A part that is new goes where its name
/// belongs in alphabetical order among the others, but the first part of all is the machine's.
pub fn merge(text: &str, name: &str, part: &str) -> String {
    let open = format!("<!-- {name} -->");
    let close = format!("<!-- end {name} -->");
    let whole = format!("{open}\n{}\n{close}\n", part.trim_end());
    if let Some(begin) = text.find(&open)
        && let Some(length) = text[begin..].find(&close)
    {
        let end = begin + length + close.len();
        return format!("{}{whole}{}", &text[..begin], text[end..].trim_start_matches('\n'));
    }
    let text = if text.is_empty() { "# Results\n\n" } else { text };
    let mut at = text.len();
    for (position, _) in text.match_indices("<!-- ") {
        let other = text[position + 5..].split(" -->").next().unwrap_or_default();
        if !other.starts_with("end ") && rank(other) > rank(name) {
            at = position;
            break;
        }
    }
    let gap = if text[..at].ends_with('\n') { "" } else { "\n" };
    format!("{}{gap}{whole}{}", &text[..at], &text[at..])
}

fn rank(name: &str) -> (bool, &str) {
    (name != "machine", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_put_in_order_and_replaced_in_place() {
        let mut text = String::new();
        for (name, part) in [("case b", "B1"), ("case a", "A1"), ("machine", "M"), ("case c", "C1"), ("case b", "B2\n")] {
            text = merge(&text, name, part);
        }
        let expected = "# Results\n\n<!-- machine -->\nM\n<!-- end machine -->\n<!-- case a -->\nA1\n<!-- end case a -->\n\
            <!-- case b -->\nB2\n<!-- end case b -->\n<!-- case c -->\nC1\n<!-- end case c -->\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn words_between_the_parts_stay() {
        let text = "# Mine\n\nHello.\n\n<!-- case a -->\nold\n<!-- end case a -->\n\nBye.\n";
        assert_eq!(merge(text, "case a", "new"), "# Mine\n\nHello.\n\n<!-- case a -->\nnew\n<!-- end case a -->\nBye.\n");
    }
}

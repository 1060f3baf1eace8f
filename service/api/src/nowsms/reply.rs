//! The HTML that NowSMS clients read: some search it for `MessageID=`, one skips 161 characters of head and keeps what follows.

use axum::response::{Html, IntoResponse, Response};

use crate::Problem;
use crate::html::escape;
use crate::rest::SubmitItem;

/// Characters before the words that matter.
const HEAD: usize = 161;

/// At least one message was accepted.
pub(crate) fn submitted(items: &[(SubmitItem, Option<Problem>)], continue_url: Option<&str>) -> Response {
    let mut page = head("Message Submitted");
    page.push_str("Message Submitted<BR>\r\n");
    for (item, problem) in items {
        let to = escape(&item.to);
        match (&item.id, problem) {
            (Some(id), _) => page.push_str(&format!("MessageID={id}.req, Recipient={to}<BR>\r\n")),
            (None, Some(p)) => page.push_str(&format!("Error, Recipient={to}: {}<BR>\r\n", escape(&p.detail))),
            (None, None) => {}
        }
    }
    if let Some(url) = continue_url {
        page.push_str(&format!("<A href=\"{}\">Continue</A>\r\n", escape(url)));
    }
    page.push_str("</BODY></HTML>\r\n");
    Html(page).into_response()
}

/// Nothing was.
pub(crate) fn error(problem: &Problem) -> Response {
    let page = format!("{}Error: {}<BR>\r\n{}.\r\n</BODY></HTML>\r\n", head("Error"), escape(problem.title), escape(&problem.detail));
    let mut response = (problem.status, Html(page)).into_response();
    problem.headers(&mut response);
    response
}

/// Everything before the words: `<HTML>` first, [`HEAD`] characters in all.
fn head(title: &str) -> String {
    let open = format!(
        "<HTML>\r\n<HEAD>\r\n<META http-equiv=\"Content-Type\" content=\"text/html; charset=UTF-8\">\r\n<TITLE>{title}</TITLE>\r\n</HEAD>\r\n"
    );
    let body = "<BODY>\r\n";
    let pad = HEAD.saturating_sub(open.len() + body.len());
    format!("{open}{}{body}", " ".repeat(pad))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_come_after_161_characters() {
        for title in ["Message Submitted", "Error"] {
            let head = head(title);
            assert_eq!(head.len(), HEAD);
            assert!(head.starts_with("<HTML>"));
        }
    }
}

//! The session as a state machine: how octets are cut into pieces changes nothing, and whatever comes, nothing is taken that nobody accepted.

use std::sync::Arc;

use proptest::prelude::*;
use waxwing_mail::smtp::{Answer, Counters, MemoryBudget, Question, Refusal, Session, SmtpSettings, Step, Taken};

/// What came of it: replies, messages, and whether the session is over.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    replies: String,
    messages: Vec<Vec<u8>>,
    closed: bool,
}

fn run(pieces: &[&[u8]], budget: &MemoryBudget) -> Outcome {
    let settings = SmtpSettings { auth: true, auth_without_tls: true, max_message: 200, max_faults: 50, ..SmtpSettings::default() };
    let peer = "192.0.2.1:25".parse().unwrap();
    let mut session = Session::new(Arc::new(settings), budget.clone(), Arc::<Counters>::default(), peer, None, true);
    let mut outcome = Outcome::default();
    let mut accepted = 0;
    let mut pieces = pieces.iter();
    loop {
        let step = session.step();
        let output = std::mem::take(session.output());
        outcome.replies.push_str(&String::from_utf8(output).unwrap());
        match step {
            Step::Read => match pieces.next() {
                Some(piece) => session.receive(piece),
                None => return outcome,
            },
            Step::Ask(question) => session.answer(match *question {
                Question::Connect | Question::Mail(_) => Answer::Decided(Ok(())),
                Question::Auth { user, password } => Answer::Authenticated(Ok((user == password).then_some(user))),
                Question::Rcpt(_, recipient) if recipient.address.ends_with("@mms.example") => {
                    accepted += 1;
                    Answer::Decided(Ok(()))
                }
                Question::Rcpt(..) => Answer::Decided(Err(Refusal::no_relay())),
                Question::Data(mail) => {
                    assert!(accepted > 0 && !mail.recipients.is_empty());
                    assert!(mail.recipients.iter().all(|recipient| recipient.address.ends_with("@mms.example")));
                    assert!(mail.message.len() <= 200);
                    let text = String::from_utf8_lossy(&mail.message).replace("\r\n", "");
                    assert!(!text.contains(['\r', '\n']));
                    outcome.messages.push(mail.message.to_vec());
                    Answer::Taken(Ok(Taken::default()))
                }
            }),
            Step::StartTls => session.tls_started("TLSv1_3".to_owned()),
            Step::Close => {
                outcome.closed = true;
                return outcome;
            }
        }
    }
}

/// Words of the protocol, good and bad.
fn word() -> impl Strategy<Value = &'static [u8]> {
    prop::sample::select(vec![
        b"EHLO c.example\r\n".as_slice(),
        b"MAIL FROM:<a@example.com>\r\n",
        b"MAIL FROM:<> SIZE=100 RET=HDRS\r\n",
        b"MAIL FROM:<> SIZE=1000\r\n",
        b"RCPT TO:<b@mms.example>\r\n",
        b"RCPT TO:<x@elsewhere.example>\r\n",
        b"RCPT TO:<@mms.example:x@elsewhere.example>\r\n",
        b"BDAT 5\r\nabc\r\n",
        b"BDAT 4 LAST\r\nMM\r\n",
        b"BDAT 0 LAST\r\n",
        b"BDAT 3 LAST\r\na\nb",
        b"RSET\r\n",
        b"NOOP\r\n",
        b"VRFY x\r\n",
        b"AUTH PLAIN AGEAYQ==\r\n",
        b"AUTH PLAIN AGEAYg==\r\n",
        b"FOO\r\n",
        b"NOOP\n",
        b"\r\n",
        b"\xff\xfe\r\n",
    ])
}

/// The same, and what makes the client wait: where that is cut makes a difference.
fn any_word() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => word().prop_map(<[u8]>::to_vec),
        1 => Just(b"DATA\r\n".to_vec()),
        1 => Just(b".\r\n".to_vec()),
        1 => Just(b"AUTH LOGIN\r\n".to_vec()),
        1 => Just(b"STARTTLS\r\n".to_vec()),
        1 => Just(b"QUIT\r\n".to_vec()),
        2 => proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), any::<u8>()], 0..30),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn pieces_make_no_difference(words in proptest::collection::vec(word(), 0..30), cuts in proptest::collection::vec(1_usize..40, 1..60)) {
        let octets = [b"EHLO c.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@mms.example>\r\n".as_slice(), &words.concat()].concat();
        let budget = MemoryBudget::default();
        let whole = run(&[&octets], &budget);
        let mut pieces = Vec::new();
        let mut rest = octets.as_slice();
        for cut in cuts.iter().cycle() {
            let (piece, tail) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = tail;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(run(&pieces, &budget), whole);
        prop_assert_eq!(budget.used(), 0);
    }

    #[test]
    fn whatever_comes(words in proptest::collection::vec(any_word(), 0..40), together in 1_usize..6) {
        let budget = MemoryBudget::default();
        let pieces: Vec<Vec<u8>> = words.chunks(together).map(|words| words.concat()).collect();
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let outcome = run(&pieces, &budget);
        for line in outcome.replies.split_terminator("\r\n") {
            prop_assert!(line.len() <= 510 && line.bytes().all(|octet| (b' '..=b'~').contains(&octet)), "{line:?}");
            prop_assert!(line.get(..3).is_some_and(|code| code.parse::<u16>().is_ok_and(|code| (200..600).contains(&code))), "{line:?}");
        }
        prop_assert_eq!(budget.used(), 0);
    }
}

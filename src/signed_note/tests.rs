//! Tests of signed notes, with the example of their specification.

use super::*;

/// The example of golang.org/x/mod/sumdb/note, which C2SP's signed-note follows.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn a_note_that_another_program_signed_is_believed_and_a_changed_one_is_not() {
    let key: Verifier = KEY.parse().unwrap();
    assert_eq!(key.to_string(), KEY);
    let text = key.open(NOTE).unwrap();
    assert!(text.starts_with("If you think") && text.ends_with("problem is.\n"));
    assert_eq!(key.open(&NOTE.replace("answer", "Answer")), Err(NotBelieved::Changed));
    assert_eq!(key.open(&NOTE.replace("PeterNeumann", "Somebody")), Err(NotBelieved::OtherKey));
    for other in ["", "x\n", "x\n\n", "x\n\nPeterNeumann x08go\n", NOTE.trim_end()] {
        assert_eq!(key.open(other), Err(NotBelieved::Form), "{other}");
    }
    for other in ["", "a+b", &KEY.replace("c74f20a3", "c74f20a4"), &KEY.replace("+A", "+B")] {
        assert_eq!(other.parse::<Verifier>(), Err(NoKey), "{other}");
    }
}

#[test]
fn what_is_signed_here_opens_with_its_own_key_only() {
    let signer =
        |seed: u8| Signer::from_seed("escalation-tracker/x".to_owned(), &[seed; 32]).unwrap();
    let (one, other) = (signer(1), signer(2));
    let note = one.sign("first\nsecond\n").unwrap();
    let key: Verifier = one.verifier().unwrap().to_string().parse().unwrap();
    assert_eq!(key.open(&note), Ok("first\nsecond\n"));
    assert_eq!(other.verifier().unwrap().open(&note), Err(NotBelieved::OtherKey));
    assert_eq!(one.sign("no line break"), None);
    assert!(Signer::from_seed("two words".to_owned(), &[1; 32]).is_none());
}

#[test]
fn several_notes_in_a_file_are_told_apart() {
    let signer = Signer::from_seed("x".to_owned(), &[1; 32]).unwrap();
    let (a, b) = (signer.sign("a\n").unwrap(), signer.sign("b\n\nc\n").unwrap());
    assert_eq!(notes(&format!("{a}{b}")), Ok(vec![a.clone(), b.clone()]));
    assert_eq!(notes(&format!("\n{a}\n\n{b}\n")), Ok(vec![a.clone(), b]));
    assert_eq!(notes(""), Ok(vec![]));
    assert_eq!(notes("text"), Err(NotBelieved::Form));
    assert_eq!(notes(&format!("{a}text")), Err(NotBelieved::Form));
}

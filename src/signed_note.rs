//! Signed notes, as C2SP has them: a text, and under it lines that say who signed it. Anybody with the key's public line
//! verifies them, with this program or another.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::sha256;

/// The first byte of a key or of what a key's identifier is taken of: Ed25519.
const ED25519_KEY: u8 = 1;
/// How many bytes a seed and a public key have.
const KEY_LENGTH: usize = 32;
/// How many bytes of a hash tell keys of one name apart.
const ID_LENGTH: usize = 4;
/// Before each signature.
const SIGNED_BY: &str = "\u{2014} ";

/// Why a note is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotBelieved {
    /// It has not the form of a note.
    #[error("this is no signed note")]
    Form,
    /// No line of this key is under it.
    #[error("the note is not signed with this key")]
    OtherKey,
    /// The line of this key does not fit the text.
    #[error("the note was changed after it was signed")]
    Changed,
}

/// A text that is no public line of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key has the form name+12ab34cd+base64, as `audit key` prints it")]
pub struct NoKey;

/// What notes are signed with.
pub struct Signer {
    name: String,
    pair: Ed25519KeyPair,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.name)
    }
}

impl Signer {
    /// The key with this name and seed. The name holds neither blanks nor a plus; then there is none.
    #[must_use]
    pub fn from_seed(name: String, seed: &[u8; KEY_LENGTH]) -> Option<Self> {
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
            return None;
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        Some(Self { name, pair })
    }

    /// What others verify with.
    #[must_use]
    pub fn verifier(&self) -> Option<Verifier> {
        let public = self.pair.public_key().as_ref().try_into().ok()?;
        Some(Verifier { name: self.name.clone(), public })
    }

    /// The note of this text, which ends with a line break; none of another.
    #[must_use]
    pub fn sign(&self, text: &str) -> Option<String> {
        if !text.ends_with('\n') {
            return None;
        }
        let id = self.verifier()?.id();
        let signature = [&id, self.pair.sign(text.as_bytes()).as_ref()].concat();
        Some(format!("{text}\n{SIGNED_BY}{} {}\n", self.name, STANDARD.encode(signature)))
    }
}

/// What notes are verified with. Its text is C2SP's `vkey`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    public: [u8; KEY_LENGTH],
}

impl Verifier {
    /// Whose key it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> [u8; ID_LENGTH] {
        let hash = sha256::of(&[self.name.as_bytes(), b"\n", &[ED25519_KEY], &self.public]);
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }

    /// The text of a note that this key signed. Other signatures under it do not count.
    ///
    /// # Errors
    /// It is no note, not signed with this key, or was changed.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, NotBelieved> {
        let (text, signatures) = parted(note)?;
        let mut refused = NotBelieved::OtherKey;
        for line in signatures.lines() {
            let (name, signature) = line
                .strip_prefix(SIGNED_BY)
                .and_then(|it| it.split_once(' '))
                .ok_or(NotBelieved::Form)?;
            let signature = STANDARD.decode(signature).map_err(|_| NotBelieved::Form)?;
            let (id, signature) =
                signature.split_first_chunk::<ID_LENGTH>().ok_or(NotBelieved::Form)?;
            if name != self.name || *id != self.id() {
                continue;
            }
            let key = UnparsedPublicKey::new(&ED25519, &self.public);
            match key.verify(text.as_bytes(), signature) {
                Ok(()) => return Ok(text),
                Err(_) => refused = NotBelieved::Changed,
            }
        }
        Err(refused)
    }
}

/// A note's text, with its last line break, and the lines of its signatures.
fn parted(note: &str) -> Result<(&str, &str), NotBelieved> {
    let at = note.rfind("\n\n").ok_or(NotBelieved::Form)?;
    let (text, rest) = note.split_at_checked(at.saturating_add(1)).ok_or(NotBelieved::Form)?;
    let signatures = rest.strip_prefix('\n').ok_or(NotBelieved::Form)?;
    if signatures.is_empty() || !signatures.ends_with('\n') {
        return Err(NotBelieved::Form);
    }
    Ok((text, signatures))
}

/// The notes of a text that holds several, one after the other.
///
/// # Errors
/// Something of it is no note.
pub fn notes(text: &str) -> Result<Vec<String>, NotBelieved> {
    let mut all = Vec::new();
    let mut note = String::new();
    let mut signed = false;
    for line in text.lines() {
        if signed && !line.starts_with(SIGNED_BY) {
            all.push(std::mem::take(&mut note));
            signed = false;
            if line.is_empty() {
                continue;
            }
        }
        if note.is_empty() && line.is_empty() {
            continue;
        }
        signed = line.starts_with(SIGNED_BY);
        note.push_str(line);
        note.push('\n');
    }
    if signed {
        all.push(note);
    } else if !note.is_empty() {
        return Err(NotBelieved::Form);
    }
    if all.iter().all(|note| parted(note).is_ok()) { Ok(all) } else { Err(NotBelieved::Form) }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519_KEY], self.public.as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, sha256::digits(&self.id()), STANDARD.encode(key))
    }
}

impl FromStr for Verifier {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let mut parts = text.trim().splitn(3, '+');
        let mut part = || parts.next().ok_or(NoKey);
        let (name, id, key) = (part()?, part()?, part()?);
        let key = STANDARD.decode(key).map_err(|_| NoKey)?;
        let public = key.strip_prefix(&[ED25519_KEY]).ok_or(NoKey)?;
        let read = Self { name: name.to_owned(), public: public.try_into().map_err(|_| NoKey)? };
        if sha256::digits(&read.id()) == id { Ok(read) } else { Err(NoKey) }
    }
}

#[cfg(test)]
mod tests {
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
}

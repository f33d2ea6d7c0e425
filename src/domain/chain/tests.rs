//! Tests of the step that places, and of what a check finds.

use proptest::prelude::*;

use super::*;

fn waiting(leaves: &[Hash]) -> Vec<Waiting<usize>> {
    let made = leaves.iter().zip(1_i64..).enumerate();
    made.map(|(what, (leaf, n))| Waiting { number: n * 3, leaf: *leaf, what }).collect()
}

/// The links as they are stored, and what is stored makes these leaves.
fn links(leaves: &[Hash]) -> Vec<Link> {
    let (placed, _) = Head::START.place(waiting(leaves));
    placed
        .iter()
        .map(|it| Link {
            position: it.head.position,
            leaf: it.leaf,
            link: it.head.link,
            stored: Stored::Makes(it.leaf),
        })
        .collect()
}

proptest! {
    /// However what waits is cut into rounds, positions and links come out the same, without gap or repeat.
    #[test]
    fn rounds_of_any_size_make_one_chain(
        leaves: Vec<Hash>, cut in 0..50_usize, base in 0..i64::MAX / 2, link: Hash,
    ) {
        let head = Head { position: base, link };
        let all = waiting(&leaves);
        let cut = cut.min(all.len());
        let (whole, end) = head.place(all.clone());
        let (first, middle) = head.place(all[..cut].to_vec());
        let (second, other_end) = middle.place(all[cut..].to_vec());
        prop_assert_eq!(&whole, &[first, second].concat());
        prop_assert_eq!(end, other_end);
        prop_assert_eq!(usize::try_from(end.position - base).unwrap(), leaves.len());
        let mut checked = head;
        for (placed, was) in whole.iter().zip(&all) {
            prop_assert_eq!(placed.what, was.what);
            let stored = Stored::Makes(was.leaf);
            let (position, link) = (placed.head.position, placed.head.link);
            checked = checked.check(&Link { position, leaf: placed.leaf, link, stored }).unwrap();
        }
        prop_assert_eq!(checked, end);
        prop_assert_eq!(checked.ends_at(end), Ok(()));
    }

    /// One changed bit anywhere is found, at the entry or at the next.
    #[test]
    fn no_change_goes_unseen(
        leaves in proptest::collection::vec(any::<Hash>(), 1..20), place: prop::sample::Index,
        byte in 0..32_usize, bit in 0..8_u32, part in 0..3_u8,
    ) {
        let mut chain = links(&leaves);
        let place = place.index(chain.len());
        let flip = |hash: &mut Hash| hash[byte] ^= 1 << bit;
        match part {
            0 => {
                let mut content = leaves[place];
                flip(&mut content);
                chain[place].stored = Stored::Makes(content);
            }
            1 => flip(&mut chain[place].leaf),
            _ => flip(&mut chain[place].link),
        }
        let mut head = Ok(Head::START);
        for (at, link) in chain.iter().enumerate() {
            head = head.and_then(|head| head.check(link));
            prop_assert_eq!(head.is_err(), at >= place, "{}", at);
        }
        let fault = if part == 2 { ChainFault::Link } else { ChainFault::Content };
        prop_assert_eq!(head, Err(fault));
    }

    #[test]
    fn what_is_missing_twice_swapped_or_gone_is_told(leaves in proptest::collection::vec(any::<Hash>(), 3..9)) {
        let chain = links(&leaves);
        let head = Head::START.check(&chain[0]).unwrap();
        prop_assert_eq!(head.check(&chain[2]), Err(ChainFault::Gap));
        prop_assert_eq!(head.check(&chain[0]), Err(ChainFault::Gap));
        prop_assert_eq!(head.check(&Link { stored: Stored::Gone, ..chain[1] }), Err(ChainFault::Gone));
        prop_assert_eq!(head.check(&Link { stored: Stored::Differs, ..chain[1] }), Err(ChainFault::Content));
        let next = head.check(&chain[1]).unwrap();
        prop_assert_eq!(head.ends_at(next), Err(ChainFault::Tail));
        prop_assert_eq!(next.ends_at(head), Err(ChainFault::Head));
        prop_assert_eq!(next.ends_at(Head { link: [7; 32], ..next }), Err(ChainFault::Head));
    }

    /// What is written by hand is what the library would write.
    #[test]
    fn a_text_is_written_as_json(text: String) {
        let mut written = String::new();
        write_text(&text, &mut written);
        prop_assert_eq!(written, Value::from(text).to_string());
    }
}

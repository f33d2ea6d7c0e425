//! Identifiers that are written with letters: e-mail addresses and postcodes.

use super::page::Page;

/// The areas of the United Kingdom and the Crown dependencies, as Royal Mail lists them.
const POSTCODE_AREAS: &str = " AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW \
    DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV \
    JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR \
    RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF \
    WN WR WS WV YO ZE ";

pub(super) fn email(page: Page<'_>, at: usize) -> Option<usize> {
    let in_name = |c: char| c.is_alphanumeric() || "._%+'-".contains(c);
    if page.before(at).is_some_and(in_name) {
        return None;
    }
    let name = page.run(at, in_name);
    let domain_at = at + name.len() + 1;
    if name.is_empty() || page.get(domain_at - 1) != Some('@') {
        return None;
    }
    let domain: String =
        page.run(domain_at, |c| c.is_alphanumeric() || c == '.' || c == '-').iter().collect();
    let domain = domain.trim_end_matches(['.', '-']);
    let (host, top) = domain.rsplit_once('.')?;
    let top_fits = top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
    (!host.is_empty() && top_fits).then_some(domain_at + domain.chars().count())
}

/// Source of the form: Royal Mail, programmers' guide to the postcode address file.
pub(super) fn postcode(page: Page<'_>, at: usize) -> Option<usize> {
    if !page.get(at)?.is_ascii_alphabetic() || !page.starts_alone(at) {
        return None;
    }
    let word = page.run(at, |c| c.is_ascii_alphanumeric());
    if let Some((outward, inward)) = word.split_at_checked(word.len().saturating_sub(3))
        && is_outward(outward)
        && is_inward(inward)
        && one_case(word.iter())
    {
        let end = at + word.len();
        return page.ends_alone(end).then_some(end);
    }
    let gap = page.run(at + word.len(), |c| c == ' ').len();
    let inward_at = at + word.len() + gap;
    let inward = page.run(inward_at, |c| c.is_ascii_alphanumeric());
    let end = inward_at + inward.len();
    let fits = (1..=2).contains(&gap)
        && is_outward(word)
        && is_inward(inward)
        && one_case(word.iter().chain(inward))
        && page.ends_alone(end);
    fits.then_some(end)
}

/// One or two letters that are an area, then a district: a digit, two digits, or a digit and a
/// letter.
fn is_outward(text: &[char]) -> bool {
    let letters = text.iter().take_while(|c| c.is_ascii_alphabetic()).count();
    let Some((area, district)) = text.split_at_checked(letters) else {
        return false;
    };
    let area: String = area.iter().map(char::to_ascii_uppercase).collect();
    let district_fits = match district {
        [digit] => digit.is_ascii_digit(),
        [digit, last] => digit.is_ascii_digit() && last.is_ascii_alphanumeric(),
        _ => false,
    };
    (1..=2).contains(&letters) && district_fits && POSTCODE_AREAS.contains(&format!(" {area} "))
}

/// A digit and two letters. What people write about limits and streets in small letters ("2nd",
/// "5wd", "4hr") is none.
fn is_inward(text: &[char]) -> bool {
    let [digit, first, second] = text else {
        return false;
    };
    let letter = |c: char| c.is_ascii_alphabetic() && !"CIKMOV".contains(c.to_ascii_uppercase());
    let other_meaning = [['s', 't'], ['n', 'd'], ['r', 'd'], ['t', 'h'], ['w', 'd'], ['h', 'r']];
    digit.is_ascii_digit()
        && letter(*first)
        && letter(*second)
        && !other_meaning.contains(&[*first, *second])
}

fn one_case<'text>(mut characters: impl Iterator<Item = &'text char> + Clone) -> bool {
    let mut again = characters.clone();
    characters.all(|c| !c.is_ascii_lowercase()) || again.all(|c| !c.is_ascii_uppercase())
}

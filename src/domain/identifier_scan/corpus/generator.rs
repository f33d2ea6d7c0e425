//! Makes narratives of sentences by a fixed seed: the same ones on every machine.
//!
//! The two parts share no sentence and no name. No number belongs to anybody: NHS numbers of the test range 999, pupil
//! numbers of local authority 999, telephone numbers that Ofcom keeps for drama, National Insurance numbers of a prefix
//! that is given to nobody, postcodes of districts that do not exist.

use std::fmt::Write;

/// What one part is made of.
pub(super) struct Stock {
    seed: u64,
    first: &'static [&'static str],
    last: &'static [&'static str],
    sentences: &'static [&'static str],
}

/// How many narratives a part has.
const NARRATIVES: usize = 180;

/// What the rules were written against.
pub(super) const KNOWN: Stock = Stock {
    seed: 20_261_116,
    first: &["Anna", "Tobias", "Maisie", "Yusuf", "Ewa", "Declan", "Priya", "Leon", "Carys", "Ade"],
    last: &["Testwood", "Birchmoor", "Pellworth", "O'Fenn", "Calder-Wray", "Sampleton", "Nkembe"],
    sentences: &[
        "Mother {name} has been told.",
        "Father, {name}, is not on the plan.",
        "The child's name is {name}.",
        "{name} (mother) agrees.",
        "Spoke to {title} {last} at {time}.",
        "Sibling {name} has not been seen.",
        "mum {first} says nobody has rung.",
        "NHS number {nhs}, please check.",
        "nhs {nhs}",
        "UPN {upn}, not on roll since {date}.",
        "Call {phone} before {time}.",
        "mob {phone}",
        "The new address is {postcode}.",
        "lives nr {postcode} now",
        "Write to {email} with the outcome.",
        "Child's DOB {dob}.",
        "He was born on {dob}.",
        "NI number {ni} is in the letter by mistake.",
        "The number {long} on the form belongs to nobody.",
        "The strategy meeting was due on {date} and has not been held.",
        "No answer from Anyborough Children's Services since {date}.",
        "Please reconvene a quorate Strategy Meeting with Valeshire Police and the School Nurse.",
        "Child Protection Conference is 12 working days late.",
        "The Team Manager was e-mailed on {date} at {time}.",
        "Our reference is {reference}; yours is ESC-ANY-2026-00{three}.",
        "Single assessment day {two} of 45.",
        "We disagree with the threshold decision under s.47 / s.17.",
        "The plan has no contingency and no dates.",
        "core group did not meet in 6 weeks",
        "MARAC on {date}, 4 actions open, 2 for CSC.",
        "Costs of £1,2{two}.50 were not agreed.",
        "The police log is {three} of {date}.",
        "Attendance is {two} %.",
        "Mother and father attended the Core Group.",
        "Mother refused the Mother and Baby Unit.",
        "The child was seen at Little Wexham Surgery.",
        "Health Visitor and Midwife both wrote to the Service Manager.",
        "Placed {two} miles away with no transport.",
        "Stage 1 ended without an answer, so this is stage 2.",
        "Outcome wanted: a date for the Initial Child Protection Conference this week.",
    ],
};

/// What the rules were not written against.
pub(super) const HELD_OUT: Stock = Stock {
    seed: 19_891_114,
    first: &[
        "Rosalind",
        "Idris",
        "Tomasz",
        "Shanelle",
        "Bronwen",
        "Kwame",
        "Fionnuala",
        "Zahra",
        "Piers",
        "Lottie",
    ],
    last: &[
        "Mockridge",
        "Thorncastle",
        "Adebowale-Finch",
        "Larkwhistle",
        "O'Rourkeson",
        "Vint",
        "Szabolcz",
    ],
    sentences: &[
        "Told by the maternal aunt {name} that they left on Sunday.",
        "{title} {last} rang at {time} and again at {time}.",
        "Baby {first} was weighed on {date}.",
        "{name}, his foster carer, has given notice.",
        "A pupil named {name} made the disclosure.",
        "Stepfather: {name}.",
        "{first}'s mum collected her at {time}.",
        "The health visitor {name} is leaving.",
        "{name} attended alone.",
        "her brother {first} is still there",
        "NHS No. {nhs} traced; record says other practice.",
        "see {nhs} on the discharge letter",
        "Pupil number {upn} does not match.",
        "Reach the carer on {phone}, not before {time}.",
        "tel:{phone}",
        "They are at 7 Nowhere Close, {postcode}, since {date}.",
        "sent 2 {postcode} but it came back",
        "Reply to {email}, please.",
        "d.o.b. {dob}, first seen {date}.",
        "Date of birth: {dob}",
        "NINO {ni}",
        "It says {long} on the wristband.",
        "Nothing was minuted at the Rapid Review on {date}.",
        "Named Doctor and Designated Nurse were not invited to the Legal Gateway Meeting.",
        "Section 20 agreement signed on {date}, no Social Worker allocated.",
        "The IRO raised it informally at {time} on {date} with the Head of Service.",
        "CIN visits every {two} days instead of every 20.",
        "Valeshire Fire and Rescue and the Housing Options Team were told by post.",
        "Crime ref 43{three}0{two}87/26, DASH {two}.",
        "Please see {reference}, points 1.1 to 4.3.",
        "EHCP annual review missed; the SEND Panel sat on {date}.",
        "Grandparents ask who pays £{two} a week.",
        "not heard back frm duty, tried 3x on {date}",
        "Working Together 2026, paragraph {three}, says otherwise.",
        "The Youth Justice Service closed its case without a Lead Professional meeting.",
        "School: Upper Marsham Primary. GP: Wexham Road Surgery.",
        "Mother was at the police station for 11 hours.",
        "We ask for a joint visit by Friday {time}.",
        "Children were seen together, never alone.",
        "Father has parental responsibility, which the minutes deny.",
    ],
};

struct Chance(u64);

impl Chance {
    fn below(&mut self, count: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % count
    }

    fn one_of<'it>(&mut self, of: &[&'it str]) -> &'it str {
        of[self.below(of.len())]
    }
}

impl Stock {
    /// The narratives, marked, with an empty line between them.
    pub(super) fn text(&self) -> String {
        let mut chance = Chance(self.seed);
        let mut text = String::new();
        for number in 0..NARRATIVES {
            let count = 2 + chance.below(3);
            let between = if chance.below(4) == 0 { "\n" } else { " " };
            let sentences: Vec<String> = (0..count)
                .map(|_| {
                    let form = chance.one_of(self.sentences);
                    self.filled(form, &mut chance)
                })
                .collect();
            let gap = if number == 0 { "" } else { "\n" };
            writeln!(text, "{gap}{}", sentences.join(between)).unwrap();
        }
        text
    }

    fn filled(&self, form: &str, chance: &mut Chance) -> String {
        let mut parts = form.split('{');
        let mut text = parts.next().unwrap().to_owned();
        for part in parts {
            let (what, rest) = part.split_once('}').unwrap();
            text.push_str(&self.part(what, chance));
            text.push_str(rest);
        }
        text
    }

    fn part(&self, what: &str, chance: &mut Chance) -> String {
        let day = 1 + chance.below(28);
        let (two, three) = (10 + chance.below(80), 100 + chance.below(900));
        let six = chance.below(1_000_000);
        match what {
            "name" => {
                let (first, last) = (chance.one_of(self.first), chance.one_of(self.last));
                format!("[[person_name:{first} {last}]]")
            }
            "first" => format!("[[person_name:{}]]", chance.one_of(self.first)),
            "last" => format!("[[person_name:{}]]", chance.one_of(self.last)),
            "title" => chance.one_of(&["Mr", "Mrs", "Ms", "Miss", "Dr"]).to_owned(),
            "nhs" => format!("[[nhs_number:{}]]", grouped(&nhs_number(six, 0), chance)),
            "long" => format!("[[long_number:{}]]", nhs_number(six, 4)),
            "upn" => format!("[[upn:{}]]", upn(six)),
            "phone" => {
                let start = chance.one_of(&[
                    "07700 900",
                    "07700900",
                    "+44 7700 900",
                    "01632 960",
                    "(0113) 496 0",
                    "020 7946 0",
                    "0808 157 0",
                    "07700-900-",
                ]);
                format!("[[phone:{start}{three}]]")
            }
            "postcode" => {
                let letters = ["AB", "HJ", "NP", "QX", "ZZ", "DE"][chance.below(6)];
                let area = chance.one_of(&["RG9", "OX9", "TA9", "DT9", "HR9", "LD9"]);
                let gap = chance.one_of(&[" ", ""]);
                let code = format!("{area}{}{gap}{}{letters}", chance.below(8), chance.below(10));
                let code = if chance.below(3) == 0 { code.to_lowercase() } else { code };
                format!("[[postcode:{code}]]")
            }
            "email" => {
                let name = chance.one_of(&["duty", "sg.lead", "office+cin", "j_bloggs", "DSL"]);
                let host =
                    chance.one_of(&["school.example", "health.example.org", "mash.example.net"]);
                format!("[[email:{name}@{host}]]")
            }
            "dob" => {
                let year = 2008 + chance.below(18);
                let month = 1 + chance.below(12);
                let date = match chance.below(5) {
                    0 => format!("{day:02}/{month:02}/{year}"),
                    1 => format!("{day}.{month}.{:02}", year - 2000),
                    2 => format!("{year}-{month:02}-{day:02}"),
                    3 => format!("{day} {} {year}", MONTHS[month - 1]),
                    _ => format!("{day}th of {} {year}", MONTHS[month - 1]),
                };
                format!("[[date_of_birth:{date}]]")
            }
            "ni" => {
                let letter = chance.one_of(&["A", "B", "C", "D"]);
                let digits = format!("{six:06}");
                let number = match chance.below(3) {
                    0 => format!("PZ{digits}{letter}"),
                    1 => format!("pz{digits}{}", letter.to_lowercase()),
                    _ => format!("PZ {} {} {} {letter}", &digits[..2], &digits[2..4], &digits[4..]),
                };
                format!("[[national_insurance:{number}]]")
            }
            "date" => match chance.below(4) {
                0 => format!("{day:02}/11/2026"),
                1 => format!("{day} November"),
                2 => format!("{day}.11."),
                _ => format!("{day} Oct 2026"),
            },
            "time" => format!("{:02}:{:02}", 8 + chance.below(12), chance.below(60)),
            "reference" => chance
                .one_of(&[
                    "SYN100234",
                    "SYN100871",
                    "NICHE-2026-0099812",
                    "OCC-2026-118",
                    "LCS/2026/4471",
                ])
                .to_owned(),
            "two" => two.to_string(),
            "three" => three.to_string(),
            other => panic!("there is no {other}"),
        }
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "February", "March", "Apr", "May", "June", "July", "Aug", "Sept", "October", "Nov",
    "December",
];

/// Ten digits of the test range, the last one so much off its check digit.
fn nhs_number(six: usize, off: u32) -> String {
    (six..)
        .find_map(|six| {
            let nine = format!("999{:06}", six % 1_000_000);
            let sum: u32 = nine
                .chars()
                .zip((2..=10).rev())
                .map(|(c, weight)| c.to_digit(10).unwrap() * weight)
                .sum();
            let check = (11 - sum % 11) % 11;
            (check < 10).then(|| format!("{nine}{}", (check + off) % 10))
        })
        .unwrap()
}

fn grouped(digits: &str, chance: &mut Chance) -> String {
    let (a, b, c) = (&digits[..3], &digits[3..6], &digits[6..]);
    match chance.below(4) {
        0 => digits.to_owned(),
        1 => format!("{a}-{b}-{c}"),
        _ => format!("{a} {b} {c}"),
    }
}

fn upn(six: usize) -> String {
    let body = format!("9992{:02}{six:06}", 14 + six % 11);
    let sum: u32 = body.chars().zip(2..).map(|(c, place)| c.to_digit(10).unwrap() * place).sum();
    let letter = "ABCDEFGHJKLMNPQRTUVWXYZ".chars().nth(usize::try_from(sum % 23).unwrap()).unwrap();
    format!("{letter}{body}")
}

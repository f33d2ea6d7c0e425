//! What is found in ordinary sentences, and what is left alone.

use super::*;

/// Each sure finding as `kind:text`, so that kind and place are tested at once.
fn told(text: &str) -> Vec<String> {
    shown(text, |kind| !kind.is_hint())
}

/// The same for hints.
fn hints(text: &str) -> Vec<String> {
    shown(text, FindingKind::is_hint)
}

fn shown(text: &str, wanted: fn(FindingKind) -> bool) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    findings(text)
        .into_iter()
        .filter(|finding| wanted(finding.kind))
        .map(|finding| {
            let part: String = characters[finding.start..finding.end].iter().collect();
            format!("{}:{part}", finding.kind)
        })
        .collect()
}

#[test]
fn identifiers_are_found_where_they_stand() {
    for (text, expected) in [
        ("NHS 943 476 5919 checked", "nhs_number:943 476 5919"),
        ("number 9434765919.", "nhs_number:9434765919"),
        ("(943-476-5919)", "nhs_number:943-476-5919"),
        ("NHS:9434765919", "nhs_number:9434765919"),
        ("NHS-9434765919", "nhs_number:9434765919"),
        ("NHSno-943 476 5919", "nhs_number:943 476 5919"),
        ("９４３ ４７６ ５９１９", "nhs_number:９４３ ４７６ ５９１９"),
        ("943\u{200B}4765919", "nhs_number:943\u{200B}4765919"),
        ("test 999 000 0018", "nhs_number:999 000 0018"),
        ("pupil B801200005001 moved", "upn:B801200005001"),
        ("pupil b801200005001", "upn:b801200005001"),
        ("temporary M80120000500A", "upn:M80120000500A"),
        ("write to j.smith@reading.gov.uk.", "email:j.smith@reading.gov.uk"),
        ("<mum99+kids@mail.example.com>", "email:mum99+kids@mail.example.com"),
        ("ring 07700 900123 today", "phone:07700 900123"),
        ("07700900123", "phone:07700900123"),
        ("+44 7700 900 123", "phone:+44 7700 900 123"),
        ("+44 (0)118 937 3747", "phone:+44 (0)118 937 3747"),
        ("0044 20 7946 0018", "phone:0044 20 7946 0018"),
        ("(0118) 496 0123", "phone:(0118) 496 0123"),
        ("0118-496-0123,", "phone:0118-496-0123"),
        ("020 7946 0018", "phone:020 7946 0018"),
        ("01750 72123 is old", "phone:01750 72123"),
        ("lives at RG1 2LU now", "postcode:RG1 2LU"),
        ("rg1 2lu", "postcode:rg1 2lu"),
        ("SW1A1AA", "postcode:SW1A1AA"),
        ("at 3, EC1A 1BB.", "postcode:EC1A 1BB"),
        ("DOB 01/02/2015", "date_of_birth:DOB 01/02/2015"),
        ("d.o.b.: 1.2.15", "date_of_birth:d.o.b.: 1.2.15"),
        ("born 1 Feb 2015", "date_of_birth:born 1 Feb 2015"),
        (
            "was born on the 1st of February, 2015",
            "date_of_birth:born on the 1st of February, 2015",
        ),
        ("Date of birth is 2015-02-01", "date_of_birth:Date of birth is 2015-02-01"),
        ("date of\u{A0}birth - 1-2-2015", "date_of_birth:date of\u{A0}birth - 1-2-2015"),
        ("born Feb 1, 2015", "date_of_birth:born Feb 1, 2015"),
        ("(DOB: 3rd Sept 2012)", "date_of_birth:DOB: 3rd Sept 2012"),
        ("NI QQ 12 34 56 C", ""),
        ("NI AB 12 34 56 C", "national_insurance:AB 12 34 56 C"),
        ("dob120319", "date_of_birth:dob120319"),
        ("DOB: 12032019", "date_of_birth:DOB: 12032019"),
        ("1/2/2015 (DOB)", "date_of_birth:1/2/2015 (DOB"),
        ("seen 01/02/2026, DOB 3/4/2015", "date_of_birth:DOB 3/4/2015"),
        ("NHS no.9434765919", "nhs_number:9434765919"),
        ("mum-07700900123", "phone:07700900123"),
        ("07700900123-mum", "phone:07700900123"),
        ("Moved.RG1 2LU", "postcode:RG1 2LU"),
        ("ab123456c", "national_insurance:ab123456c"),
        ("É943 then 943 476 5919", "nhs_number:943 476 5919"),
    ] {
        let expected: Vec<&str> = if expected.is_empty() { vec![] } else { vec![expected] };
        assert_eq!(told(text), expected, "{text:?}");
    }
}

#[test]
fn several_identifiers_are_told_in_order() {
    assert_eq!(
        told("Mum 07700 900123, RG1 2LU, a@b.org; child 943 476 5919 born 1/2/2015"),
        [
            "phone:07700 900123",
            "postcode:RG1 2LU",
            "email:a@b.org",
            "nhs_number:943 476 5919",
            "date_of_birth:born 1/2/2015",
        ]
    );
}

#[test]
fn two_numbers_with_a_stroke_between_are_two() {
    assert_eq!(told("07700900123/07700900124"), ["phone:07700900123", "phone:07700900124"]);
}

#[test]
fn the_language_of_the_work_is_left_alone() {
    for text in [
        "",
        "Quorate strategy meeting today",
        "ESC-RDG-2026-00123 was not answered",
        "see ESC-BW-2026-00017, ESC-BW-2026-00018",
        "NICHE-2026-0099812",
        "case 2026-943-476-5919-01",
        "REF-9434765919-2026",
        "crime 43260099812/26",
        "number 12345678901234567890",
        "943 476 5918 fails its check",
        "000 000 0000",
        "9434765919123",
        "A801200005001 is wrong",
        "raised at 2026-11-16T15:10:00Z",
        "2026-11-16 15:10:00.123456+00:00",
        "held on 01/02/2026, due 13.01.2026",
        "review on 1 February 2026",
        "on 02-03-2026 100 children",
        "office hours 0900-1700",
        "15 working days, 10 wd, 5wd, 72 h, 48 hours",
        "s47 1st strategy, S2 2wd, W1 5wd, w2 4hr",
        "the M1 2nd exit",
        "section S17 and S47, KS2 4th term",
        "stage 2, 3 children, 4 meetings",
        "WT2023 paragraph 110",
        "018c7a5e-9d3f-7c21-8a4b-2f1e5d6c7b8a",
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "team @ front door, 3@5",
        "@everyone please",
        "born in 2015",
        "newborn, seen 01/02/2026",
        "unborn baby, meeting on 1 Feb 2026",
        "stubborn 1 Feb 2026",
        "the plan was born of 3 meetings in 2026",
        "DOB not known; seen 01/02/2026",
        "£1,234,567.00 and 99.9 %",
        "version 1.2.3.4",
        "URN 123456, LA 870, DfE 8704001",
        "MARAC score 14; DASH 15",
        "GB 12 34 56 C",
        "ISO 27001, SI 2006/1738",
        "call 999 or 101 or 111",
        "0800 1111",
        "RG1 only",
        "see 4.1.2 and 10.30",
        "https://example.org/a/b?c=1",
    ] {
        assert_eq!(told(text), Vec::<String>::new(), "{text:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_it(text in "\\PC{0,80}") {
        let len = text.chars().count();
        let mut last = 0;
        for finding in findings(&text) {
            proptest::prop_assert!(last <= finding.start && finding.start < finding.end);
            proptest::prop_assert!(finding.end <= len);
            last = finding.end;
        }
    }

    #[test]
    fn likely_text_does_not_break_it(text in "[0-9A-Za-z @.+/()\u{200B}-]{0,60}") {
        let _ = findings(&text);
    }
}

#[test]
fn names_are_told_by_the_words_around_them() {
    for (text, expected) in [
        ("Mother Anna Testwood agreed", "Anna Testwood"),
        ("Father, Callum O'Fenn, is away", "Callum O'Fenn"),
        ("mum (Anna) agreed", "Anna"),
        ("the boy called Tom ran", "Tom"),
        ("Mum is called Lorna", "Lorna"),
        ("known as Tiggy at school", "Tiggy"),
        ("the child's name is Oskar Pellworth", "Oskar Pellworth"),
        ("Mrs Wetherlam rang", "Wetherlam"),
        ("Dr. J. Ferrand wrote", "J. Ferrand"),
        ("mr SAMPLE rang", "SAMPLE"),
        ("Anna TESTWOOD (mother)", "Anna TESTWOOD"),
        ("Tom Sample, aged 7", "Tom Sample"),
        ("Tom Sample (7)", "Tom Sample"),
        ("Tom's mother rang", "Tom"),
        ("social worker Bethan Hartigan-Moss left", "Bethan Hartigan-Moss"),
        ("Zoë Ångström, child's aunt", "Zoë Ångström"),
    ] {
        assert_eq!(hints(text), [format!("person_name:{expected}")], "{text:?}");
    }
    let two = hints("siblings (Freya and Jonas) were seen");
    assert_eq!(two, ["person_name:Freya", "person_name:Jonas"]);
}

#[test]
fn a_number_that_is_somebodys_or_nobodys_is_a_hint() {
    for (text, expected) in [
        ("943 476 5918 fails its check", "943 476 5918"),
        ("id 9434765918", "9434765918"),
        ("passport 123456789", "123456789"),
    ] {
        assert_eq!(hints(text), [format!("long_number:{expected}")], "{text:?}");
    }
}

#[test]
fn agencies_meetings_and_references_give_no_hint() {
    for text in [
        "Mother attended the Strategy Meeting with Valeshire Police.",
        "Child Protection Conference",
        "Mother and Baby Unit",
        "Mum called Valeshire Police and Anyborough Children's Services.",
        "mum called Anyborough",
        "The Team Manager and the Named Nurse",
        "Child A and Child B",
        "child Protection plan",
        "mother Polish speaking",
        "Father is on bail until Thursday",
        "SW Team, HV Team",
        "named social worker, Named Doctor",
        "MOTHER REFUSED ENTRY",
        "PC World",
        "Young Carers Assessment",
        "Mr. Monday",
        "crime 43260099812/26",
        "police ref no. 432600998123",
        "SYN100234, ESC-ANY-2026-00042",
        "20261116151000",
        "£123456789",
        "stage 12345678",
        "Operation Encompass, mother told on Friday",
        "Mother: Not engaging",
        "Marshamshire (children in need), Upper Marsham (3 schools)",
        "reply took 20 ms. Duty rang",
        "the names (Valeshire first) are wrong",
    ] {
        // "PC World" is the price of "PC Holloway".
        let expected = if text == "PC World" { vec!["person_name:World"] } else { vec![] };
        assert_eq!(hints(text), expected, "{text:?}");
    }
}

#[test]
fn hints_refuse_nothing() {
    assert!(!holds_identifier("Mother Anna Testwood, id 9434765918"));
    assert!(holds_identifier("Mother Anna Testwood, 943 476 5919"));
    assert_eq!(told("Mother Anna Testwood"), Vec::<String>::new());
}

#[test]
fn a_name_inside_something_surer_is_not_told_again() {
    let text = "Mother Anna born 1 Feb 2015, mum Anna@example.org";
    let all: Vec<&str> = findings(text).iter().map(|finding| finding.kind.code()).collect();
    assert_eq!(all, ["person_name", "date_of_birth", "email"]);
}

#[test]
fn a_long_text_is_read_in_little_time() {
    for piece in [
        "a.",
        "0 ",
        "9434765919 ",
        "born on the ",
        "+44 ",
        "(",
        "RG1 ",
        "A",
        "A ",
        "Anna ",
        "Mother Anna ",
        "Mr ",
        "is the ",
        "Mother is the ",
        "Anna and ",
        "1/2/15 ",
        "1/",
        "943 476 591 ",
        "a'",
        "A-",
        "A.",
        "@",
        "a@b.",
        "case 123456789 ",
        "known as ",
        "\u{1F468}\u{200D}",
        "\u{301}",
        "\u{FDFA}",
    ] {
        let text: String = piece.chars().cycle().take(20_000).collect();
        let began = std::time::Instant::now();
        let _ = findings(&text);
        let took = began.elapsed().as_millis();
        assert!(took < 2_000, "{piece:?} took {took} ms");
        println!("{took:4} ms {piece:?}");
    }
}

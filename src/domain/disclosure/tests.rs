//! The profiles, and an attacker who must find nothing out.

use proptest::prelude::*;

use super::*;
use attacker::Attacker;

pub(in crate::domain) mod attacker;
mod packs;

fn table(rows: &[&[u32]]) -> CountTable {
    CountTable::new(rows.iter().map(|row| row.to_vec()).collect()).unwrap()
}

/// As it is printed, totals last, row by row.
fn printed(protected: &ProtectedTable) -> Vec<String> {
    let text = |shown: &Shown| shown.text(protected.profile);
    let rows = protected.cells.iter().zip(&protected.row_totals);
    let mut lines: Vec<String> = rows
        .map(|(cells, total)| cells.iter().chain([total]).map(text).collect::<Vec<_>>().join(" "))
        .collect();
    let last = protected.column_totals.iter().chain([&protected.grand_total]);
    lines.push(last.map(text).collect::<Vec<_>>().join(" "));
    lines
}

#[test]
fn a_table_of_the_department_hides_small_numbers_and_what_would_give_them_away() {
    let told = protect(&table(&[&[3, 20, 30], &[12, 14, 16], &[0, 40, 50]]), Profile::DfeCin);
    // 3 is small, 20 and 12 are the smallest beside it, and 14 closes the square.
    assert_eq!(printed(&told), ["c c 30 53", "c c 16 42", "0 40 50 90", "15 74 96 185"]);
}

#[test]
fn a_table_without_small_numbers_stays_as_it_is() {
    let told = protect(&table(&[&[6, 0], &[7, 8]]), Profile::DfeCin);
    assert_eq!(printed(&told), ["6 0 6", "7 8 15", "13 8 21"]);
    let told = protect(&table(&[&[8, 0], &[12, 13]]), Profile::NhsSubNational);
    assert_eq!(printed(&told), ["10 0 10", "10 15 25", "20 15 35"]);
}

#[test]
fn the_national_health_profile_hides_to_seven_rounds_the_rest_and_totals_apart() {
    let told = protect(&table(&[&[7, 8, 22], &[23, 0, 1]]), Profile::NhsSubNational);
    assert_eq!(printed(&told), ["* 10 20 35", "25 0 * 25", "30 10 25 60"]);
}

#[test]
fn a_total_that_gives_everything_away_is_withheld() {
    // Twelve ones: a total of 10 says at most 12, and each is at least 1.
    let told = protect(&table(&[&[1; 12]]), Profile::NhsSubNational);
    assert_eq!(told.row_totals, [Shown::Withheld]);
    assert!(told.cells[0].iter().all(|cell| *cell == Shown::Hidden));
    // Seven ones: the total is hidden itself, and so at most 7.
    let told = protect(&table(&[&[1; 7]]), Profile::NhsSubNational);
    assert_eq!(told.row_totals, [Shown::Withheld]);
    // Two ones: with the total shown they would be known.
    let told = protect(&table(&[&[1, 1, 0], &[0, 30, 40]]), Profile::DfeCin);
    assert_eq!(told.row_totals[0], Shown::Hidden);
}

#[test]
fn a_small_total_is_hidden_like_any_small_number() {
    let told = protect(&table(&[&[2, 0], &[0, 2]]), Profile::DfeCin);
    assert_eq!(told.grand_total, Shown::Hidden);
    let alone = protect(&table(&[&[5]]), Profile::DfeCin);
    assert_eq!(printed(&alone), ["c c", "c c"]);
    let nothing = protect(&table(&[&[0, 0]]), Profile::DfeCin);
    assert_eq!(printed(&nothing), ["0 0 0", "0 0 0"]);
}

#[test]
fn what_is_no_table_is_refused() {
    for rows in [vec![], vec![vec![]], vec![vec![1, 2], vec![3]], vec![vec![u32::MAX, 1]]] {
        assert_eq!(CountTable::new(rows), Err(NotATable));
    }
    for profile in Profile::ALL {
        assert_eq!(protect(&table(&[&[u32::MAX]]), *profile).profile, *profile);
    }
}

#[test]
fn nought_and_all_of_a_small_group_are_hidden_and_so_is_what_tells_a_small_number() {
    let dfe = Profile::DfeCin;
    for (part, whole, wanted) in [
        (0, 9, None),
        (9, 9, None),
        (0, 10, Some(0.0)),
        (10, 10, Some(100.0)),
        (6, 12, Some(50.0)),
        (5, 100, None),
        (95, 100, None),
        (94, 100, Some(94.0)),
        (0, 0, None),
        (3, 2, None),
    ] {
        assert_eq!(dfe.percentage(part, whole), wanted, "{part} of {whole}");
    }
    let nhs = Profile::NhsSubNational;
    for (part, whole, wanted) in [
        (8, 20, Some(50.0)),
        (7, 20, None),
        (93, 100, None),
        (92, 100, Some(90.0)),
        (12, 12, Some(100.0)),
        (9, 9, None),
    ] {
        assert_eq!(nhs.percentage(part, whole), wanted, "{part} of {whole}");
    }
}

#[test]
fn a_median_needs_eight_values_in_every_profile() {
    for profile in Profile::ALL {
        assert_eq!(profile.median(3.5, 7), None);
        assert_eq!(profile.median(3.5, 8), Some(3.5));
    }
}

#[test]
fn the_attacker_can_solve_what_only_hides_small_numbers() {
    let naive = |rows: &[&[u32]]| {
        let mut told = protect(&table(rows), Profile::DfeCin);
        let shown =
            |count: u32| if (1..=5).contains(&count) { Shown::Hidden } else { Shown::Exact(count) };
        told.cells = rows.iter().map(|row| row.iter().copied().map(shown).collect()).collect();
        told.row_totals = rows.iter().map(|row| shown(row.iter().sum())).collect();
        told.column_totals =
            (0..rows[0].len()).map(|at| shown(rows.iter().map(|row| row[at]).sum())).collect();
        told.grand_total = shown(rows.iter().flat_map(|row| row.iter()).sum());
        told
    };
    // One hidden number in a row.
    assert!(!Attacker::new(&naive(&[&[3, 20], &[10, 10]])).solved().is_empty());
    // Two in every row and column, and yet 1 and 1 add up to 2.
    assert!(!Attacker::new(&naive(&[&[1, 1, 9], &[1, 5, 9]])).solved().is_empty());
    // Only rows and columns together give the one in the corner away.
    let chain = naive(&[&[1, 4, 0], &[0, 5, 1], &[7, 0, 4], &[7, 8, 9]]);
    assert!(!Attacker::new(&chain).solved().is_empty());
    assert!(Attacker::new(&naive(&[&[3, 3, 9], &[3, 3, 9]])).solved().is_empty());
}

/// Mostly small, often nought: where tables are hardest to protect.
fn any_table(most_rows: usize, most_columns: usize) -> impl Strategy<Value = CountTable> {
    let count = prop_oneof![3 => 0..=2_u32, 4 => 0..=9_u32, 2 => 6..=40_u32];
    (1..=most_rows, 1..=most_columns)
        .prop_flat_map(move |(rows, columns)| {
            prop::collection::vec(prop::collection::vec(count.clone(), columns), rows)
        })
        .prop_map(|rows| CountTable::new(rows).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_hidden_number_can_be_worked_out(table in any_table(4, 4), nhs in any::<bool>()) {
        let profile = if nhs { Profile::NhsSubNational } else { Profile::DfeCin };
        let told = protect(&table, profile);
        let solved = Attacker::new(&told).solved();
        prop_assert!(solved.is_empty(), "{:?} in {:#?}", solved, printed(&told));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_truth_is_among_what_is_possible_and_small_numbers_are_never_shown(
        table in any_table(9, 9), nhs in any::<bool>(),
    ) {
        let profile = if nhs { Profile::NhsSubNational } else { Profile::DfeCin };
        let told = protect(&table, profile);
        prop_assert!(Attacker::new(&told).allows(&table.rows));
        for (row, cells) in table.rows.iter().zip(&told.cells) {
            for (count, shown) in row.iter().zip(cells) {
                prop_assert_eq!(profile.is_small(*count) && *shown != Shown::Hidden, false);
                prop_assert_eq!(*count == 0, *shown == Shown::Exact(0));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn who_reads_both_papers_cannot_work_a_small_number_out(table in any_table(4, 4)) {
        let public = protect(&table, Profile::NhsSubNational);
        let board = protect_beside(&table, Profile::DfeCin, Profile::NhsSubNational);
        prop_assert!(Attacker::new(&board).solved().is_empty());
        let both = Attacker::new(&board).and(&Attacker::new(&public));
        prop_assert!(both.allows(&table.rows));
        let small = both.small(&table.rows, 5);
        let solved: Vec<usize> = both.solved().into_iter().filter(|at| small.contains(at)).collect();
        prop_assert!(solved.is_empty(), "{:?} in {:#?} {:#?}", solved, printed(&board), printed(&public));
    }
}

#[test]
fn two_papers_each_safe_can_be_unsafe_together_and_then_more_is_hidden() {
    // Found by search: the smallest tables of which reading both would have told a small number.
    let mut found = 0;
    for code in 0..20_000_u32 {
        let digit = |at: u32| (code / 8_u32.pow(at)) % 8 + u32::from(at == 0) * 6;
        let rows = vec![vec![digit(0), digit(1)], vec![digit(2), digit(3) + 4]];
        let table = CountTable::new(rows).unwrap();
        let public = Attacker::new(&protect(&table, Profile::NhsSubNational));
        let apart = protect(&table, Profile::DfeCin);
        let both = Attacker::new(&apart).and(&public);
        let small = both.small(&table.rows, 5);
        if both.solved().iter().any(|at| small.contains(at)) {
            found += 1;
            let together = protect_beside(&table, Profile::DfeCin, Profile::NhsSubNational);
            assert_ne!(together, apart);
        }
        if found > 3 {
            return;
        }
    }
    assert!(found > 0, "the second paper never told anything, so that nothing is proved");
}

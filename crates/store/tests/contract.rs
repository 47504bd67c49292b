//! What every database behind `Store` must do, run on SQLite and, where `BITTING_TEST_POSTGRES`
//! names a database, on PostgreSQL in a schema of its own.

// A test may end by unwrapping.
#![allow(clippy::unwrap_used)]

mod contract {
    pub mod crash;
    pub mod filters;
    pub mod ids;
    pub mod place;
    pub mod postgres_only;
    pub mod reading;
    pub mod shapes;
    pub mod sqlite_only;
    pub mod writing;
}

/// Each case becomes one test for each database.
macro_rules! cases {
    ($($module:ident { $($case:ident)* })*) => {
        mod sqlite {
            $($(
                #[test]
                fn $case() {
                    crate::contract::place::on_sqlite(|at| Box::pin(crate::contract::$module::$case(at)));
                }
            )*)*
        }
        mod postgres {
            $($(
                #[test]
                fn $case() {
                    crate::contract::place::on_postgres(stringify!($case), |at| {
                        Box::pin(crate::contract::$module::$case(at))
                    });
                }
            )*)*
        }
    };
}

cases! {
    shapes {
        tables_appear_with_their_first_write
        an_added_column_keeps_what_is_there
        a_column_no_longer_described_stays
        a_table_of_pairs_that_is_no_more_goes
        a_newer_format_is_refused
        what_is_not_ours_is_refused
        what_is_not_described_is_refused
        long_names_stay_apart
    }
    reading {
        text_comes_back_as_it_went
        every_kind_comes_back_as_it_went
        a_reader_may_stop
        a_writer_reads_its_own_write
        joined_tables_need_not_exist
        rows_come_with_whether_a_pair_holds_them_and_under_a_value
    }
    writing {
        a_write_holds_as_a_whole_or_not_at_all
        a_failure_hurts_nobody_else
        unique_ignores_letter_case
        unique_holds_between_writers
        unused_finds_users
        pairs_are_kept_once
        nul_and_wrong_kinds_are_refused
        many_writers_lose_nothing
        a_load_is_one_write
    }
    ids {
        ids_count_up
        ids_are_never_used_twice
        ids_from_outside_count
        ids_differ_between_takers
    }
    filters {
        sql_agrees_with_eval
    }
    crash {
        a_killed_server_keeps_its_word
    }
}

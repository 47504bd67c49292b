//! Guides as vendors write them and people paste them. The names of vendors are made up.

use super::*;
use crate::Catalog;
use crate::profile::Profile;
use bitting_policy::Verb;
use std::fmt::Write as _;
use std::sync::LazyLock;

static REGISTRY: LazyLock<Registry> =
    LazyLock::new(|| Catalog::embedded().expect("shipped data").0);

/// Rows as `Companies / Contacts: add My, inquire All [tables]`.
fn rows(pasted: &Pasted) -> Vec<String> {
    let row = |row: &Row| {
        let cells: Vec<String> = Verb::EVERY
            .iter()
            .zip(row.levels)
            .filter_map(|(verb, level)| {
                level
                    .filter(|level| *level > Level::None)
                    .map(|level| format!("{verb} {level}"))
            })
            .collect();
        let mut text = format!("{} / {}: {}", row.module, row.action, cells.join(", "));
        if !row.tables.is_empty() {
            let _ = write!(
                text,
                " {}[{}]",
                if row.deny { "not " } else { "" },
                row.tables.join("; ")
            );
        }
        text
    };
    pasted.rows.iter().map(row).collect()
}

fn unread(pasted: &Pasted) -> Vec<String> {
    pasted
        .unread
        .iter()
        .map(|remark| format!("{}: {}", remark.line, remark.text))
        .collect()
}

/// The rows that every shape of the guide below means.
const WANTED: [&str; 5] = [
    "Companies / Company Maintenance: Inquire All",
    "Companies / Configurations: Add All, Edit All, Inquire All",
    "Service Desk / Service Tickets: Add My, Inquire All",
    "Time & Expense / Time Entry: Inquire My",
    "System / Table Setup: Inquire All [Service / Service Board; Service / Priority]",
];

#[test]
fn one_guide_in_many_shapes_is_one_role() {
    let shapes = [
        (
            "Markdown",
            "\
# Connect Acme\n\nClick **Add** and name the role.\n\n\
| Module | Action | Add | Edit | Delete | Inquire |\n|---|---|:-:|---|---|---|\n\
| Companies | Company Maintenance | None | None | None | All |\n\
| | Configurations | All | All | – | All |\n\
| Service Desk | Service Tickets | My | | | All |\n\
| Time & Expense | Time Entry | N/A | None | None | My |\n\
| System | Table Setup (customize) | | | | All |\n\n\
Allowed tables:\n- Service / Service Board\n- Service / Priority\n",
        ),
        (
            "a browser's copy, where cells below a tall one are missing",
            "\
Module\tSub-Module\tInquire Level\tAdd Level\tEdit Level\tDelete Level\n\
Companies\tCompany Maintenance\tAll\tNone\tNone\tNone\n\
Configurations\tAll\tAll\tAll\tNone\n\
Service\tService Tickets\tAll\tMy\tNone\tNone\n\
Time\tTime Entry\tMy\tNone\tNone\tNone\n\
System\tTable Setup\tAll\tNone\tNone\tNone\n\
Service > Service Board\nService > Priority\n",
        ),
        (
            "HTML",
            "\
<h2>Rights</h2><table><tr><th>Module</th><th>Action</th><th>Add</th><th>Edit</th><th>Delete</th><th>Inquire</th></tr>\n\
<tr><td rowspan=\"2\">Companies</td><td>Company&nbsp;Maintenance</td><td></td><td></td><td></td><td><b>All</b></td></tr>\n\
<tr><td>Configurations</td><td>All</td><td>All</td><td></td><td>All</td></tr>\n\
<tr><td>Service&nbsp;Desk</td><td>Service Tickets</td><td>My</td><td></td><td></td><td>All</td></tr>\n\
<tr><td>Time &amp; Expense</td><td>Time Entry</td><td></td><td></td><td></td><td>My</td></tr>\n\
<tr><td>System</td><td>Table Setup</td><td></td><td></td><td></td><td>All</td></tr></table>\n\
<p>Customize:</p><ul><li>Service / Service Board</li><li>Service / Priority</li></ul>",
        ),
        (
            "Word",
            "\
Companies module\n\
•\u{a0}Company Maintenance – Inquire: All\n\
•\u{a0}Configurations – Add/Edit/Inquire: All\n\
Service Desk\n\
o Service Tickets: Add (My), Inquire (All)\n\
Time & Expense\n\
•\u{a0}Time Entry — View: My\n\
System\n\
•\u{a0}Table Setup — Inquire All (customize: Service / Service Board; Service / Priority)\n",
        ),
        (
            "arrows",
            "\
Companies → Company Maintenance → Inquire = All\n\
Companies → Configurations → Add = All, Edit = All, Inquire = All\n\
Service Desk → Service Tickets → Add = My; Inquire = All; Delete = None\n\
Time & Expense → Time Entry → Inquire = My\n\
System → Table Setup → Inquire = All\n\
   1. Service Board\n   2. Service / Priority\n",
        ),
        (
            "a heading for each action",
            "\
Companies\nCompany Maintenance\n  Add: None\n  Inquire: All\nConfigurations\n  Add: All\n  Edit: All\n  Inquire: All\n\
Service Desk\nService Tickets\n  Add Level: My\n  Inquire Level: All\nTime & Expense\nTime Entry\n  Inquire: My\n\
System\nTable Setup\n  Inquire: All\nService\n  • Service Board\n  • Priority\n",
        ),
        (
            "a PDF",
            "\
Security module    Action                  Add    Edit   Delete  Inquire\n\
Companies          Company Maintenance                           All\n\
Companies          Configurations          All    All            All\n\
Service Desk       Service Tickets         My                    All\n\
Time & Expense     Time Entry                                    My\n\
System             Table Setup                                   All\n\
\u{f0b7} Service / Service Board\n\u{f0b7} Service / Priority\n",
        ),
        (
            "comma-separated values",
            "\
Module,Action,Inquire,Add,Edit,Delete,Customize\n\
Companies,Company Maintenance,All,,,,\n\
Companies,Configurations,All,All,All,None,\n\
Service Desk,Service Tickets,All,My,None,None,\n\
Time & Expense,Time Entry,My,None,None,None,\n\
System,Table Setup,All,None,None,None,\"Service / Service Board, Service / Priority\"\n",
        ),
    ];
    for (shape, text) in shapes {
        let pasted = read(text, &REGISTRY);
        assert_eq!(rows(&pasted), WANTED, "{shape}: {pasted:#?}");
        assert_eq!(unread(&pasted), Vec::<String>::new(), "{shape}");
        assert_eq!(pasted.remarks, [], "{shape}");
    }
}

#[test]
fn what_is_not_understood_is_told_with_its_line_and_grants_nothing() {
    let text = "\
Assign the Admin role to the API member, or build a role:\n\
Module\tAction\tAdd\tEdit\tDelete\tInquire\n\
Companies\tConfigurtions\t\t\t\tAll\n\
Companies\tHologram Archive\tAll\tAll\tAll\tAll\n\
Companies\tContacts\t\tSome\t\tAll\n\
Finance\tAgreements\t\t\t\tYes\n\
System\tTable Setup\t\t\t\tAll\n\
Service / Service Bord\n";
    let pasted = read(text, &REGISTRY);
    assert_eq!(
        rows(&pasted),
        [
            "Companies / Configurations: Inquire All",
            "Companies / Contacts: Inquire All",
            "Finance / Agreements: Inquire All",
            "System / Table Setup: Inquire All",
        ]
    );
    assert!(pasted.administrator);
    assert_eq!(
        pasted.rows[0].uncertain.as_deref(),
        Some("`Configurtions` read as `Companies / Configurations`")
    );
    assert_eq!(pasted.rows[2].printed.as_deref(), Some("granted"));
    assert_eq!(
        unread(&pasted),
        [
            "4: there is no action `Hologram Archive`, so nothing is granted for it",
            "5: Edit `Some` of Contacts is no level that is known",
            "8: there is no setup table `Service / Service Bord`, so it is not on the list",
        ]
    );
    assert!(
        pasted.unread[2].advice.contains("Service / Service Board"),
        "{:?}",
        pasted.unread[2]
    );
}

#[test]
fn whole_modules_other_word_orders_and_lists_without_a_level_are_seen() {
    let text = "\
Module\tAction\tAdd\tInquire\tCustomize\n\
Finance\t*\t-\tAll\n\
System\tSetup Tables\t-\t-\tService / Priority\n";
    let pasted = read(text, &REGISTRY);
    assert_eq!(rows(&pasted), ["Finance / *: Inquire All"]);
    assert_eq!(
        unread(&pasted),
        ["3: Setup Tables has a list and no level, so nothing is granted for it"]
    );
    assert_eq!(
        rows(&read(
            "Companies > *: Inquire All\nSystem:\n- Setup Tables: Inquire All",
            &REGISTRY
        )),
        [
            "Companies / *: Inquire All",
            "System / Table Setup: Inquire All",
        ]
    );
}

#[test]
fn a_list_in_the_action_s_cell_is_its_list() {
    let text = "<table><tr><th>Module</th><th>Action</th><th>Add</th><th>Inquire</th></tr>\n\
<tr><td>System</td><td>Table Setup (Customize)<br>Service / Priority<br>Company &gt; Company Status</td><td></td><td>All</td></tr></table>";
    let pasted = read(text, &REGISTRY);
    assert_eq!(
        rows(&pasted),
        ["System / Table Setup: Inquire All [Service / Priority; Company / Company Status]"]
    );
    assert_eq!(unread(&pasted), Vec::<String>::new());
}

#[test]
fn prose_grants_nothing() {
    let text = "\
Log in as an administrator. Click Add to create a new member, then edit all companies that you own.\n\
Choose View and select My from the list. Delete none of your old keys.\n\
If you need help, read all of our articles. Contacts\n\
Inquire all of them!\nAgreements\n";
    let pasted = read(text, &REGISTRY);
    assert_eq!(rows(&pasted), Vec::<String>::new(), "{pasted:#?}");
    assert!(!pasted.administrator);
}

#[test]
fn the_file_loads_whatever_the_guide_holds() {
    let text = "Role Name: Wall \"Board\"\nMember ID: WallAPI\nLocation: Corporate\nDefault Board: choose the one for alerts\nCompanies > Contacts: Inquire \\ \"All\"\nCompanies > Nothing \"like\" it: Inquire All\n";
    let pasted = read(text, &REGISTRY);
    let head = Head {
        vendor: "A \"B\"",
        product: "C\\D",
        guide: "guide\n.txt",
        url: "https://example.com",
        today: "2026-11-22",
    };
    let made = super::profile(&pasted, &head);
    let profile = Profile::parse("connectwise/c.toml", &made)
        .unwrap_or_else(|error| panic!("{error}\n{made}"));
    assert_eq!(profile.rows().count(), 1);
    assert_eq!(profile.role.name.as_deref(), Some("Wall \"Board\""));
    assert!(
        made.contains("identifier = { value = \"WallAPI\" }"),
        "{made}"
    );
    assert!(
        made.contains("default_board = { choose = \"choose the one for alerts\" }"),
        "{made}"
    );
    assert!(made.contains("completeness = \"partial\""), "{made}");
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_and_written_as_a_profile(text in "([A-Za-z ]{0,12}|<td>|<tr>|\t|\\||  |\n|All|My|Inquire|Add|Companies|Contacts|Table Setup|Service / Priority|:|>|-|é|✓|\u{a0}|\"|&nbsp;){0,60}") {
            let pasted = read(&text, &REGISTRY);
        for row in &pasted.rows {
            proptest::prop_assert!(row.action == "*" || REGISTRY.action(&row.module, &row.action).is_some());
        }
        let head = Head { vendor: "V", product: "P", guide: "g", url: "https://example.com", today: "2026-11-22" };
        let made = super::profile(&pasted, &head);
        proptest::prop_assert!(Profile::parse("connectwise/c.toml", &made).is_ok(), "{}", made);
    }
}

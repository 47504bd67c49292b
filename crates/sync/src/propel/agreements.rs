//! Agreements and their additions, through reports: the profile asks for no Finance right. Read only. Amounts are
//! made comparable by the year.

use super::settings::Settings;
use super::{REPORTS, companies};
use crate::Failure;
use crate::work::Work;
use serde_json::{Value, json};
use std::collections::HashMap;

pub fn read(work: &mut Work<'_>) -> Result<(), Failure> {
    let settings: Settings = work.settings()?;
    let propelled = companies::propelled(work, &settings)?;
    let agreements = work
        .api
        .report(REPORTS, "AgreementList", "AGR_Header_RecID")?;
    let additions = work
        .api
        .report(REPORTS, "AgreementAdditions", "Addition_RecId")?;
    work.counts.read += (agreements.len() + additions.len()) as u64;
    let mut lines: HashMap<i64, Vec<Value>> = HashMap::new();
    for line in &additions {
        let shown = json!({ "product": line["Product_Description"], "quantity": line["Total_Quantity"], "price": line["Ext_Price"] });
        let agreement = line["AGR_RecID"].as_i64().unwrap_or_default();
        lines.entry(agreement).or_default().push(shown);
    }
    let mut shown = Vec::new();
    for agreement in agreements {
        if !agreement["CompanyRecId"]
            .as_i64()
            .is_some_and(|company| propelled.contains(&company))
        {
            continue;
        }
        let cycle = agreement["Billing_Cycle_Desc"].as_str().unwrap_or_default();
        let times = times(cycle);
        if times.is_none() {
            work.warn(format!("agreement {}: how often `{cycle}` bills in a year is not known; its yearly amount stays empty", agreement["AGR_Name"]));
        }
        let number = agreement["AGR_Header_RecID"].as_i64().unwrap_or_default();
        let amount = agreement["Billing_Amount"].as_f64();
        shown.push(json!({
            "agreement": agreement["AGR_Header_RecID"], "company": agreement["CompanyRecId"], "name": agreement["AGR_Name"],
            "type": agreement["agr_type_desc"], "cycle": cycle, "amount": amount,
            "yearly": amount.zip(times).map(|(amount, times)| amount * times), "ends": agreement["DateEnd"],
            "status": agreement["Agreement_Status"], "additions": lines.remove(&number).unwrap_or_default(),
        }));
    }
    work.output("agreements.jsonl", &shown)
}

/// Bills in a year of a billing cycle.
fn times(cycle: &str) -> Option<f64> {
    let cycle = cycle.to_lowercase();
    let known = [
        ("semi", 2.0),
        ("half", 2.0),
        ("bi-week", 26.0),
        ("biweek", 26.0),
        ("week", 52.0),
        ("bi-month", 6.0),
        ("month", 12.0),
        ("quarter", 4.0),
        ("year", 1.0),
        ("annual", 1.0),
    ];
    known
        .iter()
        .find(|(word, _)| cycle.contains(word))
        .map(|(_, times)| *times)
}

#[cfg(test)]
mod tests {
    #[test]
    fn cycles_by_the_year() {
        for (cycle, times) in [
            ("Monthly", Some(12.0)),
            ("Quarterly", Some(4.0)),
            ("Annually", Some(1.0)),
            ("Semi-Annually", Some(2.0)),
            ("Once", None),
        ] {
            assert_eq!(super::times(cycle), times, "{cycle}");
        }
    }
}

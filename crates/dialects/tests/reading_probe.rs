#[test] fn probe() { let (_, c) = bitting_catalog::Catalog::embedded().map_err(|e| e.to_string()).unwrap(); 
 println!("{}", c.entities.len());
 for p in ["service/tickets","company/contacts","company/companies"] { let e=c.entity_at(p).unwrap(); println!("{p} {:?}", e.fields.iter().map(|f| format!("{}:{}", f.name, f.column)).collect::<Vec<_>>()); } 
 let e=c.entity_at("service/tickets/configurations").unwrap(); println!("{e:#?}"); 
 println!("{:#?}", c.references.get("ConfigurationReference"));
 println!("{:#?}", c.entity_at("company/contacts").unwrap().fields.iter().find(|f| &*f.name=="types"));
 println!("{:#?}", c.references.get("MemberReference"));
 println!("{:#?}", c.references.get("TicketReference"));
}

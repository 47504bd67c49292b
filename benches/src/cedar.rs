//! The same roles and rows for cedar-policy. Its rights are sets of actions on the role, asked by two
//! policies: far faster in Cedar than one policy for each cell of each role, and the same answers.

use crate::case::Case;
use anyhow::Result;
use bitting_policy::{Level, Needs, Role, Verb};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    PolicySet, Request, RestrictedExpression,
};
use std::collections::{HashMap, HashSet};
use std::str::FromStr as _;

const POLICIES: &str = "
permit(principal, action, resource) when { principal.role.all.contains(action) };
permit(principal, action, resource) when { principal.role.my.contains(action) && resource.owner == principal };
";

/// Policies and entities, and the names that requests are made of.
pub struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    members: Vec<EntityUid>,
    /// By action and verb.
    actions: Vec<[EntityUid; 4]>,
    own: Vec<EntityUid>,
    foreign: EntityUid,
}

impl Cedar {
    pub fn new(roles: &[Role], needs: &[Needs]) -> Result<Self> {
        let name = |kind: &str, id: &str| -> Result<EntityUid> {
            Ok(EntityUid::from_type_name_and_id(
                EntityTypeName::from_str(kind)?,
                EntityId::new(id),
            ))
        };
        let expression = |uid: &EntityUid| RestrictedExpression::new_entity_uid(uid.clone());
        let mut actions = Vec::new();
        for number in 0..needs.len() {
            let of = |verb: Verb| name("Action", &format!("{number}:{verb}"));
            actions.push([
                of(Verb::Add)?,
                of(Verb::Edit)?,
                of(Verb::Delete)?,
                of(Verb::Inquire)?,
            ]);
        }
        let nobody = name("Member", "nobody")?;
        let foreign = name("Row", "foreign")?;
        let mut entities = vec![
            entity(nobody.clone(), [])?,
            entity(foreign.clone(), [("owner", expression(&nobody))])?,
        ];
        let (mut members, mut own) = (Vec::new(), Vec::new());
        for (number, role) in roles.iter().enumerate() {
            let held = |level: Level| {
                let mut held = Vec::new();
                for (need, uids) in needs.iter().zip(&actions) {
                    let Needs::Action(action) = need else {
                        continue;
                    };
                    for verb in Verb::EVERY {
                        if role.level(*action, verb) == level {
                            held.push(expression(&uids[verb.index()]));
                        }
                    }
                }
                RestrictedExpression::new_set(held)
            };
            let role_uid = name("Role", &number.to_string())?;
            let member = name("Member", &number.to_string())?;
            let row = name("Row", &number.to_string())?;
            entities.push(entity(
                role_uid.clone(),
                [("all", held(Level::All)), ("my", held(Level::My))],
            )?);
            entities.push(entity(member.clone(), [("role", expression(&role_uid))])?);
            entities.push(entity(row.clone(), [("owner", expression(&member))])?);
            members.push(member);
            own.push(row);
        }
        Ok(Self {
            authorizer: Authorizer::new(),
            policies: PolicySet::from_str(POLICIES)?,
            entities: Entities::from_entities(entities, None)?,
            members,
            actions,
            own,
            foreign,
        })
    }

    pub fn request(&self, case: Case) -> Result<Request> {
        let role = case.role as usize;
        let row = if case.own {
            &self.own[role]
        } else {
            &self.foreign
        };
        Ok(Request::new(
            self.members[role].clone(),
            self.actions[case.action as usize][case.verb.index()].clone(),
            row.clone(),
            Context::empty(),
            None,
        )?)
    }

    pub fn decides(&self, request: &Request) -> bool {
        self.authorizer
            .is_authorized(request, &self.policies, &self.entities)
            .decision()
            == Decision::Allow
    }

    pub fn allows(&self, case: Case) -> Result<bool> {
        Ok(self.decides(&self.request(case)?))
    }
}

fn entity<const N: usize>(
    uid: EntityUid,
    attributes: [(&str, RestrictedExpression); N],
) -> Result<Entity> {
    let attributes: HashMap<_, _> = attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Ok(Entity::new(uid, attributes, HashSet::new())?)
}

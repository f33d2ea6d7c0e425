//! Shapes of the contract that generators of clients understand.

use utoipa::openapi::schema::{AllOf, Schema};
use utoipa::openapi::{Components, Discriminator, Ref, RefOr};

/// Gives each alternative that is told by a member of its own, such as `of`, a name and says which member that is.
/// Without a name generators leave the alternatives out, or call them `OneOf1`.
pub fn name_alternatives(components: &mut Components) {
    let mut named = Vec::new();
    for (parent, schema) in &mut components.schemas {
        let RefOr::T(Schema::OneOf(one_of)) = schema else { continue };
        let mut told_by = None;
        for item in &mut one_of.items {
            let RefOr::T(Schema::AllOf(parts)) = item else { continue };
            let Some((member, code)) = tag(parts) else { continue };
            let name = format!("{parent}{}", pascal(&code));
            let place = Ref::from_schema_name(&name);
            told_by.get_or_insert_with(|| Discriminator::new(&member));
            if let Some(discriminator) = &mut told_by {
                discriminator.mapping.insert(code, place.ref_location.clone());
            }
            let whole = std::mem::replace(item, RefOr::Ref(place));
            named.push((name, whole));
        }
        if told_by.is_some() {
            one_of.discriminator = told_by;
        }
    }
    components.schemas.extend(named);
}

/// The member by which an alternative is told from the others, and its one code.
fn tag(parts: &AllOf) -> Option<(String, String)> {
    parts.items.iter().find_map(|part| {
        let RefOr::T(Schema::Object(object)) = part else { return None };
        let (name, member) = object.properties.first_key_value()?;
        let RefOr::T(Schema::Object(member)) = member else { return None };
        let codes = member.enum_values.as_deref()?;
        let [code] = codes else { return None };
        Some((name.clone(), code.as_str()?.to_owned()))
    })
}

fn pascal(code: &str) -> String {
    code.split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::{Value, json};
    use utoipa::{OpenApi, ToSchema};

    use super::*;

    #[derive(Serialize, ToSchema)]
    struct Round {
        radius: u8,
    }

    #[derive(Serialize, ToSchema)]
    #[serde(tag = "of", rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum Figure {
        RoundOne(Round),
        Other(Round),
    }

    #[derive(OpenApi)]
    #[openapi(components(schemas(Figure)))]
    struct Contract;

    #[test]
    fn each_alternative_has_a_name_and_is_told_by_its_member() {
        let mut components = Contract::openapi().components.unwrap();
        name_alternatives(&mut components);
        let shown: Value = serde_json::to_value(&components).unwrap();
        let schemas = &shown["schemas"];
        let named = "#/components/schemas/FigureRoundOne";
        assert_eq!(schemas["Figure"]["oneOf"][0]["$ref"], named);
        let wanted = json!({"propertyName": "of", "mapping":
            {"round_one": named, "other": "#/components/schemas/FigureOther"}});
        assert_eq!(schemas["Figure"]["discriminator"], wanted);
        let round = &schemas["FigureRoundOne"]["allOf"];
        assert_eq!(round[0]["$ref"], "#/components/schemas/Round");
        assert_eq!(round[1]["properties"]["of"]["enum"], json!(["round_one"]));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/facts/schema_check.h"

#include <math.h>
#include <stddef.h>

#include "base/json/json.h"
#include "scoring/facts/form.h"

const struct json_value *schema_member(const struct json_value *object, struct slice name)
{
    const struct json_value *value;
    struct slice key;
    char text[64];
    size_t pos = 0;

    if (name.len < sizeof text) {
        if (name.len > 0)
            memcpy(text, name.ptr, name.len);
        text[name.len] = '\0';
        return strlen(text) == name.len ? json_get(object, text) : NULL;
    }
    while (json_member_next(object, &pos, &key, &value))
        if (slice_equal(key, name))
            return value;
    return NULL;
}

static bool fail_schema(struct schema_failure *out, const char *kind, struct slice name)
{
    *out = (struct schema_failure){ kind, name };
    return false;
}

static bool has_type(struct slice type, const struct json_value *value)
{
    const char *comma = type.len > 0 ? memchr(type.ptr, ',', type.len) : NULL;
    double number;

    if (comma)
        type.len = (size_t)(comma - type.ptr);
    type = slice_trim(type);
    if (form_in_list(" string str ", type))
        return json_type(value) == JSON_STRING;
    if (form_in_list(" number float double ", type))
        return json_type(value) == JSON_NUMBER;
    if (form_in_list(" integer int ", type))
        return json_type(value) == JSON_NUMBER &&
               (!json_double(value, &number) || floor(number) == number);
    if (form_in_list(" boolean bool ", type))
        return json_type(value) == JSON_BOOL;
    if (form_in_list(" array list tuple ", type))
        return json_type(value) == JSON_ARRAY;
    if (form_in_list(" object dict ", type))
        return json_type(value) == JSON_OBJECT;
    if (form_in_list(" null ", type))
        return json_type(value) == JSON_NULL;
    return true;
}

/* Does the value have the type, or one of the list of types? */
static bool has_any_type(const struct json_value *type, const struct json_value *value)
{
    if (json_type(type) == JSON_STRING)
        return has_type(json_text(type), value);
    if (json_type(type) != JSON_ARRAY)
        return true;
    for (size_t i = 0; i < json_count(type); i++)
        if (has_type(json_text(json_at(type, i)), value))
            return true;
    return json_count(type) == 0;
}

/* A member that is null is there, too. */
static bool has_member(const struct json_value *object, struct slice name)
{
    const struct json_value *value;
    struct slice key;
    size_t pos = 0;

    if (schema_member(object, name))
        return true;
    while (json_member_next(object, &pos, &key, &value))
        if (slice_equal(key, name))
            return true;
    return false;
}

static bool equals_value(const struct json_value *a, const struct json_value *b);

static bool equals_members(const struct json_value *a, const struct json_value *b)
{
    const struct json_value *member;
    struct slice key;
    size_t pos = 0;
    size_t n = 0;

    for (; json_member_next(a, &pos, &key, &member); n++) {
        if (!has_member(b, key) || !equals_value(member, schema_member(b, key)))
            return false;
    }
    return n == json_count(b);
}

static bool equals_value(const struct json_value *a, const struct json_value *b)
{
    double x;
    double y;

    if (json_type(a) != json_type(b))
        return false;
    switch (json_type(a)) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
    case JSON_NUMBER:
        return json_double(a, &x) && json_double(b, &y) && x == y;
    case JSON_STRING:
        return slice_equal(json_text(a), json_text(b));
    case JSON_OBJECT:
        return equals_members(a, b);
    case JSON_ARRAY:
        break;
    }
    if (json_count(a) != json_count(b))
        return false;
    for (size_t i = 0; i < json_count(a); i++)
        if (!equals_value(json_at(a, i), json_at(b, i)))
            return false;
    return true;
}

static bool is_in_enum(const struct json_value *list, const struct json_value *value)
{
    if (json_type(list) != JSON_ARRAY)
        return true;
    for (size_t i = 0; i < json_count(list); i++)
        if (equals_value(json_at(list, i), value))
            return true;
    return false;
}

/* Do the members of an object fit, and are the required ones there? */
static bool members_fit(const struct json_value *schema, const struct json_value *value,
                        struct schema_failure *out)
{
    const struct json_value *properties = json_get(schema, "properties");
    const struct json_value *required = json_get(schema, "required");
    const struct json_value *member;
    struct slice key;
    bool allows_more = true;
    size_t pos = 0;

    if (!json_get(schema, "patternProperties"))
        json_bool(json_get(schema, "additionalProperties"), &allows_more);
    for (size_t i = 0; json_type(required) == JSON_ARRAY && i < json_count(required); i++) {
        const struct slice name = json_text(json_at(required, i));

        if (name.ptr && !has_member(value, name))
            return fail_schema(out, "argument_missing", name);
    }
    while (json_member_next(value, &pos, &key, &member)) {
        const struct json_value *wanted = schema_member(properties, key);

        if (!wanted && !allows_more)
            return fail_schema(out, "argument_undefined", key);
        if (!schema_fits(wanted, member, out)) {
            if (!out->name.ptr)
                out->name = key;
            return false;
        }
    }
    return true;
}

/* Does the value fit at least one of the schemas? *out is what the last one misses. */
static bool fits_any(const struct json_value *schemas, const struct json_value *value,
                     struct schema_failure *out)
{
    struct schema_failure failure = { .kind = NULL };

    if (json_type(schemas) != JSON_ARRAY || json_count(schemas) == 0)
        return true;
    for (size_t i = 0; i < json_count(schemas); i++)
        if (schema_fits(json_at(schemas, i), value, &failure))
            return true;
    *out = failure;
    return false;
}

static bool elements_fit(const struct json_value *schema, const struct json_value *value,
                         struct schema_failure *out)
{
    const struct json_value *items = json_get(schema, "items");

    for (size_t i = 0; json_type(items) == JSON_OBJECT && i < json_count(value); i++)
        if (!schema_fits(items, json_at(value, i), out))
            return false;
    return true;
}

bool schema_fits(const struct json_value *schema, const struct json_value *value,
                 struct schema_failure *out)
{
    const struct slice none = { .ptr = NULL };
    const struct json_value *constant;
    const struct json_value *all;
    bool nullable = false;

    if (json_type(schema) != JSON_OBJECT)
        return true;
    json_bool(json_get(schema, "nullable"), &nullable);
    if (nullable && json_type(value) == JSON_NULL)
        return true;
    if (!has_any_type(json_get(schema, "type"), value))
        return fail_schema(out, "argument_type", none);
    constant = json_get(schema, "const");
    if (!is_in_enum(json_get(schema, "enum"), value) ||
        (constant && !equals_value(constant, value)))
        return fail_schema(out, "argument_enum", none);
    if (json_type(value) == JSON_OBJECT && !members_fit(schema, value, out))
        return false;
    if (json_type(value) == JSON_ARRAY && !elements_fit(schema, value, out))
        return false;
    all = json_get(schema, "allOf");
    for (size_t i = 0; json_type(all) == JSON_ARRAY && i < json_count(all); i++)
        if (!schema_fits(json_at(all, i), value, out))
            return false;
    return fits_any(json_get(schema, "anyOf"), value, out) &&
           fits_any(json_get(schema, "oneOf"), value, out);
}

/* Is it a list of parameters, not a schema: only objects, one for each parameter? */
static bool is_parameter_list(const struct json_value *parameters)
{
    const struct json_value *member;
    struct slice key;
    size_t pos = 0;

    while (json_member_next(parameters, &pos, &key, &member))
        if (json_type(member) != JSON_OBJECT || slice_equal(key, slice_text("properties")))
            return false;
    return json_count(parameters) > 0;
}

bool schema_fits_arguments(const struct json_value *parameters,
                           const struct json_value *arguments, struct schema_failure *out)
{
    const struct json_value *member;
    struct slice key;
    size_t pos = 0;

    if (json_type(parameters) != JSON_OBJECT || !is_parameter_list(parameters))
        return schema_fits(parameters, arguments, out);
    while (json_member_next(parameters, &pos, &key, &member)) {
        bool required = false;

        json_bool(json_get(member, "required"), &required);
        if (!has_member(arguments, key)) {
            if (required)
                return fail_schema(out, "argument_missing", key);
            continue;
        }
        if (!schema_fits(member, schema_member(arguments, key), out)) {
            if (!out->name.ptr)
                out->name = key;
            return false;
        }
    }
    return true;
}

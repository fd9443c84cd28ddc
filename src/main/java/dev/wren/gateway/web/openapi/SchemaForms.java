package dev.wren.gateway.web.openapi;

import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.PathItem;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.Schema;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Forms of schemas that generators of clients understand alike: numbers are doubles (Java's has decimals of any length
 * otherwise), and arrays say of what (Python's drops those that do not).
 */
final class SchemaForms {

    private SchemaForms() {
    }

    /** Gives all schemas of a specification those forms. */
    static void apply(OpenAPI api) {
        values(api.getComponents().getSchemas()).forEach(SchemaForms::form);
        api.getPaths().values().stream().map(PathItem::readOperations).flatMap(List::stream).forEach(operation -> {
            if (operation.getParameters() != null) {
                operation.getParameters().forEach(parameter -> form(parameter.getSchema()));
            }
            contents(operation).flatMap(content -> content.values().stream())
                    .forEach(type -> form(type.getSchema()));
        });
    }

    private static Stream<Content> contents(Operation operation) {
        return Stream.concat(
                Stream.ofNullable(operation.getRequestBody()).flatMap(body -> Stream.ofNullable(body.getContent())),
                operation.getResponses().values().stream().flatMap(answer -> Stream.ofNullable(answer.getContent())));
    }

    @SuppressWarnings({"rawtypes", "unchecked"})
    private static void form(@Nullable Schema schema) {
        if (schema == null) {
            return;
        }
        if (is(schema, "number") && schema.getFormat() == null) {
            schema.setFormat("double");
        }
        if (is(schema, "array") && schema.getItems() == null) {
            schema.setItems(new Schema<>().description("any JSON"));
        }
        form(schema.getItems());
        values((Map<String, Schema>) schema.getProperties()).forEach(SchemaForms::form);
        values((Map<String, Schema>) schema.getPatternProperties()).forEach(SchemaForms::form);
        if (schema.getAdditionalProperties() instanceof Schema entries) {
            form(entries);
        }
        Stream.of(schema.getOneOf(), schema.getAnyOf(), schema.getAllOf()).filter(Objects::nonNull)
                .flatMap(all -> ((List<Schema>) all).stream()).forEach(SchemaForms::form);
    }

    private static boolean is(Schema<?> schema, String type) {
        return type.equals(schema.getType()) || (schema.getTypes() != null && schema.getTypes().contains(type));
    }

    @SuppressWarnings("rawtypes")
    private static Collection<Schema> values(@Nullable Map<String, Schema> schemas) {
        return schemas == null ? List.of() : schemas.values();
    }
}

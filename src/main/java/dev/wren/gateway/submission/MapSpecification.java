package dev.wren.gateway.submission;

import io.swagger.v3.core.converter.ModelConverters;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.parameters.Parameter;
import io.swagger.v3.oas.models.parameters.QueryParameter;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.stereotype.Component;

/**
 * Describes a map's fields in the specification: as members of the body, and as query parameters, which
 * {@link MapParameters} reads. These are one exploded object, because the names of entries are not known before.
 */
@Component
final class MapSpecification implements OpenApiCustomizer {

    @Override
    public void customise(OpenAPI api) {
        Schema<?> body = Objects.requireNonNull(api.getComponents().getSchemas().get("MapRequest"));
        for (MapField field : MapField.values()) {
            body.addProperty(field.fieldName(), field.schema());
        }
        // Not as one of two forms of iterdata: generators make no code of a list as one of several.
        api.getComponents().getSchemas().putAll(ModelConverters.getInstance(true).read(DataSource.View.class));
        Schema<?> fields = new Schema<>().types(Set.of("object"))
                .description("The fields of a map; jar or jars, and handler, are required.");
        fields.setPatternProperties(properties());
        fields.setAdditionalProperties(false);
        Objects.requireNonNull(api.getPaths().get("/calls")).getPost().addParametersItem(new QueryParameter()
                .name("fields")
                .description(
                        "With application/x-ndjson only: the fields of a map. Entries of maps are given one by one,"
                                + " as tags.name=value, extraEnv.NAME=value, extraMeta.name=value, config.name=value,"
                                + " overwriteInvokeArgs.name=value; lists by repeating the parameter.")
                .style(Parameter.StyleEnum.FORM)
                .explode(true)
                .schema(fields)
                .example(Map.of("jar", "examples", "handler", "dev.wren.examples.WordCount::count", "tags.project",
                        "hamlet")));
    }

    /** The library's own map has a raw type. */
    @SuppressWarnings("rawtypes")
    private static Map<String, Schema> properties() {
        Map<String, Schema> fields = new TreeMap<>();
        FieldKind.Text text = new FieldKind.Text(MapFields.MAX_TEXT);
        fields.put("^jar$", text.parameter());
        fields.put("^jars$", FieldKind.of("array").items(text.parameter()));
        fields.put("^handler$", text.parameter());
        fields.put("^arguments$", FieldKind.of("array").items(new Schema<>()));
        for (MapField field : MapField.values()) {
            String entries = switch (field.kind().form()) {
                case SCALAR, TEXT, LIST -> "";
                case SCALARS, TEXTS, JSON -> "\\." + field.kind().entryNames();
            };
            fields.put("^" + field.fieldName() + entries + "$", field.kind().parameter());
        }
        return fields;
    }
}

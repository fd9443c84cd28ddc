package dev.wren.gateway.submission;

import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.parameters.Parameter;
import io.swagger.v3.oas.models.parameters.QueryParameter;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.stereotype.Component;

/**
 * Describes a map's fields as query parameters, which {@link MapParameters} reads, in the specification: as one exploded
 * object, because the names of entries of maps are not known before.
 */
@Component
final class MapQuery implements OpenApiCustomizer {

    @Override
    public void customise(OpenAPI api) {
        Schema<?> fields = new Schema<>().types(Set.of("object"))
                .description("The fields of a map; jar and handler are required.");
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
        fields.put("^jar$", text(1024));
        fields.put("^handler$", text(1024));
        fields.put("^executor$", text(1024));
        fields.put("^jobMaxRuntime$", number("number", new BigDecimal("0.001"), 86_400));
        fields.put("^invokePoolThreads$", number("integer", BigDecimal.ONE, 1024));
        fields.put("^dataAllAsOne$", of("boolean"));
        fields.put("^useCachedRuntime$", of("boolean"));
        Schema<?> prefixes = of("array");
        prefixes.setItems(text(1024));
        fields.put("^excludeModules$", prefixes);
        fields.put("^chunkSize$", number("integer", BigDecimal.ONE, 100_000));
        fields.put("^maxAttempts$", number("integer", BigDecimal.ONE, 100));
        fields.put("^maxConcurrency$", number("integer", BigDecimal.ONE, 1_000_000));
        fields.put("^toleratedFailures$", of("string").pattern("^(\\d+|\\d{1,3}(\\.\\d{1,6})?%)$"));
        fields.put("^extraEnv\\.[A-Za-z_][A-Za-z0-9_]*$", of("string"));
        fields.put("^tags\\..{1,128}$", of("string").maxLength(256));
        fields.put("^extraMeta\\..+$", of("string"));
        fields.put("^config\\..+$", of("string"));
        fields.put("^overwriteInvokeArgs\\..+$", of("string"));
        return fields;
    }

    private static Schema<?> of(String type) {
        return new Schema<>().types(Set.of(type));
    }

    private static Schema<?> text(int longest) {
        return of("string").minLength(1).maxLength(longest);
    }

    private static Schema<?> number(String type, BigDecimal min, long max) {
        return of(type).minimum(min).maximum(BigDecimal.valueOf(max));
    }
}

package dev.wren.gateway.instance;

import dev.wren.gateway.executor.InstancePool.Launch;
import dev.wren.gateway.json.Pointers;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemException.FieldError;
import dev.wren.gateway.web.problem.ProblemType;
import io.swagger.v3.oas.annotations.media.Schema;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Reads what is to be launched. For one request. */
final class LaunchReader {

    private static final Set<String> FIELDS = Set.of("number", "instanceType", "maxIdleTime",
            "idleTerminateGranularity", "gitBranch", "gitCommit", "spotPrice", "parallelism", "availabilityZone",
            "tags");
    private static final Pattern TYPE = Pattern.compile("[a-z0-9][a-z0-9.-]{1,40}");
    private static final Pattern ZONE = Pattern.compile("[a-z0-9][a-z0-9-]{1,40}");
    private static final Pattern BUILD = Pattern.compile("[\\x21-\\x7e]{1,128}");
    private static final int MOST = 10_000;
    private static final long YEAR = 366L * 24 * 3600;
    private static final int MOST_TAGS = 20;
    private static final int MOST_KEY = 127;
    private static final int MOST_VALUE = 255;
    private static final BigDecimal MOST_PRICE = BigDecimal.valueOf(1000);

    private final JsonNode body;
    private final List<FieldError> errors = new ArrayList<>();

    private LaunchReader(JsonNode body) {
        this.body = body;
    }

    /** What to launch, as the specification describes it. */
    @Schema(name = "LaunchRequest", additionalProperties = Schema.AdditionalPropertiesValue.FALSE)
    record LaunchRequest(@Schema(defaultValue = "1", minimum = "1", maximum = "10000") Integer number,
            @Schema(description = "default: as configured") String instanceType,
            @Schema(description = "whole seconds without work before it ends itself; default: as configured",
                    minimum = "0") Long maxIdleTime,
            @Schema(description = "whole seconds: it ends itself in the last 5% of such a span of its uptime",
                    minimum = "1") Long idleTerminateGranularity,
            @Schema(description = "whose build of the worker it runs") String gitBranch,
            @Schema(description = "whose build of the worker it runs; wins over gitBranch") String gitCommit,
            @Schema(description = "dollars an hour at most: asks for spot instances", exclusiveMinimum = true,
                    minimum = "0", maximum = "1000") BigDecimal spotPrice,
            @Schema(description = "invocations at once; default: as configured, or its cores", minimum = "1",
                    maximum = "1024") Integer parallelism,
            String availabilityZone,
            @Schema(description = "of the instances; at most 20, none that begins with wren- or aws:") Map<String, String> tags) {
    }

    /**
     * What a request asks for.
     *
     * @param token see {@link Launch}
     * @throws ProblemException {@code invalid-request}, with every field that is wrong
     */
    static Launch read(JsonNode body, String token) {
        LaunchReader reader = new LaunchReader(body);
        Launch launch = reader.launch(token);
        if (!reader.errors.isEmpty()) {
            throw new ProblemException(ProblemType.INVALID_REQUEST, "The launch is not valid.", reader.errors);
        }
        return launch;
    }

    private Launch launch(String token) {
        if (!body.isObject()) {
            wrong("", "The body must be a JSON object.");
            return new Launch(1, null, null, null, null, null, null, null, null, Map.of(), token);
        }
        for (String name : body.propertyNames()) {
            if (!FIELDS.contains(name)) {
                wrong(Pointers.to(name), "There is no such field.");
            }
        }
        Long number = whole("number", 1, MOST);
        Long idle = whole("maxIdleTime", 0, YEAR);
        Long granularity = whole("idleTerminateGranularity", 1, YEAR);
        Long parallelism = whole("parallelism", 1, 1024);
        return new Launch(number == null ? 1 : number.intValue(),
                text("instanceType", TYPE, "A type of instance such as \"m7g.xlarge\"."),
                idle == null ? null : Duration.ofSeconds(idle),
                granularity == null ? null : Duration.ofSeconds(granularity),
                text("gitBranch", BUILD, "1 to 128 visible ASCII characters."),
                text("gitCommit", BUILD, "1 to 128 visible ASCII characters."), price(),
                parallelism == null ? null : parallelism.intValue(),
                text("availabilityZone", ZONE, "A zone such as \"eu-west-1a\"."), tags(), token);
    }

    private void wrong(String pointer, String detail) {
        errors.add(new FieldError(pointer, null, detail));
    }

    private @Nullable Long whole(String name, long least, long most) {
        JsonNode node = body.get(name);
        if (node == null) {
            return null;
        }
        if (!node.isIntegralNumber() || !node.canConvertToLong() || node.longValue() < least
                || node.longValue() > most) {
            wrong("/" + name, "A whole number from " + least + " to " + most + ".");
            return null;
        }
        return node.longValue();
    }

    private @Nullable String text(String name, Pattern form, String allowed) {
        JsonNode node = body.get(name);
        if (node == null) {
            return null;
        }
        if (!node.isString() || !form.matcher(node.asString()).matches()) {
            wrong("/" + name, allowed);
            return null;
        }
        return node.asString();
    }

    private @Nullable BigDecimal price() {
        JsonNode node = body.get("spotPrice");
        if (node == null) {
            return null;
        }
        if (!node.isNumber() || node.decimalValue().signum() <= 0 || node.decimalValue().compareTo(MOST_PRICE) > 0
                || node.decimalValue().scale() > 6) {
            wrong("/spotPrice", "Dollars an hour: a number above 0, to " + MOST_PRICE
                    + ", with up to six decimal places.");
            return null;
        }
        return node.decimalValue();
    }

    private Map<String, String> tags() {
        JsonNode node = body.get("tags");
        Map<String, String> tags = new TreeMap<>();
        if (node == null) {
            return tags;
        }
        if (!node.isObject() || node.size() > MOST_TAGS) {
            wrong("/tags", "An object of strings, with at most " + MOST_TAGS + ".");
            return tags;
        }
        node.properties().forEach(tag -> {
            String key = tag.getKey();
            if (key.isEmpty() || key.length() > MOST_KEY || key.startsWith("wren-") || key.startsWith("aws:")
                    || !tag.getValue().isString() || tag.getValue().asString().length() > MOST_VALUE) {
                wrong(Pointers.to("tags", key), "A name of 1 to " + MOST_KEY
                        + " characters that does not begin with wren- or aws:, and a string of up to " + MOST_VALUE
                        + ".");
            } else {
                tags.put(key, tag.getValue().asString());
            }
        });
        return tags;
    }
}

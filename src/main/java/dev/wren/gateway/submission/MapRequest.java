package dev.wren.gateway.submission;

import io.swagger.v3.oas.annotations.media.Schema;

/**
 * A map's body as the specification describes it; {@link MapField} has its other fields, and {@link MapRequestReader}
 * reads it as a stream.
 */
@Schema(name = "MapRequest", additionalProperties = Schema.AdditionalPropertiesValue.FALSE)
record MapRequest(@Schema(requiredMode = Schema.RequiredMode.REQUIRED) FunctionRequest function,
        @Schema(requiredMode = Schema.RequiredMode.REQUIRED, description = "The data, one call each: an array of any values; or an object that says where they are, see DataSource.", example = "[1, 2, 3]") Object iterdata) {

    /** Which function to run. */
    @Schema(name = "Function", additionalProperties = Schema.AdditionalPropertiesValue.FALSE)
    record FunctionRequest(
            @Schema(requiredMode = Schema.RequiredMode.REQUIRED, minLength = 1, maxLength = 1024, description = "A name under /jars, sha256:<hex> of an uploaded jar, or s3://bucket/key in a bucket that the configuration allows.", example = "examples") String jar,
            @Schema(requiredMode = Schema.RequiredMode.REQUIRED, minLength = 1, maxLength = 1024, description = "pkg.Class or pkg.Class::method.", example = "dev.wren.examples.Pi") String handler) {
    }
}

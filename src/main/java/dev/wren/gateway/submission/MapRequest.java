package dev.wren.gateway.submission;

import io.swagger.v3.oas.annotations.media.ArraySchema;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A map's body as the specification describes it; {@link MapField} has its other fields, and {@link MapRequestReader}
 * reads it as a stream.
 */
@Schema(name = "MapRequest", additionalProperties = Schema.AdditionalPropertiesValue.FALSE)
record MapRequest(@Schema(requiredMode = Schema.RequiredMode.REQUIRED) FunctionRequest function,
        @Schema(requiredMode = Schema.RequiredMode.REQUIRED,
                description = "The data, one call each: an array of any values; or an object that says where they are, see DataSource.",
                example = "[1, 2, 3]") Object iterdata) {

    /** Which function to run. */
    @Schema(name = "Function", additionalProperties = Schema.AdditionalPropertiesValue.FALSE)
    record FunctionRequest(
            @Schema(minLength = 1, maxLength = 1024,
                    description = "A name under /jars, sha256:<hex> of an uploaded jar, or s3://bucket/key in a"
                            + " bucket that the configuration allows. Either this, or jars.",
                    example = "examples") @Nullable String jar,
            @ArraySchema(minItems = 1,
                    arraySchema = @Schema(description = "Instead of jar: a class path, in order, of such references."),
                    schema = @Schema(types = "string", minLength = 1, maxLength = 1024)) @Nullable List<String> jars,
            @Schema(requiredMode = Schema.RequiredMode.REQUIRED, minLength = 1, maxLength = 1024,
                    description = "pkg.Class, pkg.Class::method, or pkg.Class::method(descriptor): the types of"
                            + " its parameters as a class file has them, and that of its value where it is"
                            + " needed to tell methods apart. Such a one need not be public, and one of an"
                            + " instance that has no parameters left is called on the datum.",
                    example = "dev.wren.examples.Pi") String handler,
            @ArraySchema(arraySchema = @Schema(
                    description = "What the first parameters of the method are, before the datum: at most 65,536 characters of JSON."),
                    schema = @Schema) @Nullable List<Object> arguments) {
    }
}

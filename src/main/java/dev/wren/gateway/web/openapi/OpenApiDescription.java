package dev.wren.gateway.web.openapi;

import static dev.wren.gateway.web.problem.ProblemType.*;

import dev.wren.gateway.web.problem.ProblemType;
import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.PathItem;
import io.swagger.v3.oas.models.examples.Example;
import io.swagger.v3.oas.models.headers.Header;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.info.License;
import io.swagger.v3.oas.models.media.ArraySchema;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.IntegerSchema;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.ObjectSchema;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.media.StringSchema;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import io.swagger.v3.oas.models.security.SecurityScheme;
import io.swagger.v3.oas.models.servers.Server;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springdoc.core.customizers.OperationCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the specification says beside the controllers: what holds for all operations, and their examples. */
@Configuration(proxyBeanMethods = false)
class OpenApiDescription {

    private static final String PROBLEM = "Problem";
    private static final String PROBLEM_JSON = "application/problem+json";
    private static final String BEARER = "bearer";

    private static final String EXAMPLES = "/openapi-examples.json";

    /** Problems of every operation; {@code NOT_ALLOWED} is for pages of other sites. */
    private static final List<ProblemType> ALWAYS = List.of(INVALID_REQUEST, UNAUTHORIZED, NOT_ALLOWED);
    /** Answers that a test has taken from a running gateway: of problems by slug, of operations by status. */
    private final JsonNode examples = examples();

    private static JsonNode examples() {
        try (InputStream in = OpenApiDescription.class.getResourceAsStream(EXAMPLES)) {
            return JsonMapper.shared().readTree(Objects.requireNonNull(in, EXAMPLES));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Bean
    OpenApiCustomizer describe() {
        return api -> {
            api.setServers(List.of(new Server().url("/")));
            api.info(new Info().title("wren-gateway")
                    .version("1")
                    .license(new License().name("Apache-2.0").identifier("Apache-2.0"))
                    .description("Map a function over data: upload a jar, map one of its functions, and follow the"
                            + " futures of its calls. Every error is an RFC 9457 problem."));
            if (api.getComponents() == null) {
                api.setComponents(new Components());
            }
            api.getComponents().addSchemas(PROBLEM, problem());
            api.getComponents().addSecuritySchemes(BEARER, new SecurityScheme().type(SecurityScheme.Type.HTTP)
                    .scheme("bearer")
                    .description("An API key, where the gateway is configured with any."));
            api.setSecurity(List.of(new SecurityRequirement(), new SecurityRequirement().addList(BEARER)));
            api.getPaths().values().stream().map(PathItem::readOperations).flatMap(List::stream)
                    .forEach(this::examples);
            examples.path("problems").properties().forEach(problem -> api.getComponents()
                    .addExamples(problem.getKey(), new Example().value(plain(problem.getValue()))));
            nullable(api, "Future", "status");
            SchemaForms.apply(api);
            sort(api);
        };
    }

    /** What is said of one operation, by the annotation of its method. */
    @Bean
    OperationCustomizer describeOperation() {
        return (operation, method) -> {
            ApiProblems described = method.getMethodAnnotation(ApiProblems.class);
            if (described == null) {
                throw new IllegalStateException("the problems of " + method + " are not described");
            }
            if (described.anyJson()) {
                // Annotations cannot say so.
                Objects.requireNonNull(operation.getResponses().get("200"))
                        .setContent(new Content().addMediaType("application/json",
                                new MediaType().schema(new Schema<>().description("any JSON"))));
            }
            if (described.tagged()) {
                operation.getResponses().addApiResponse("304", new ApiResponse().description(
                        "If-None-Match names what it is now."));
            }
            Stream.of(ALWAYS.stream(), Arrays.stream(described.groups()).flatMap(group -> group.problems().stream()),
                    Arrays.stream(described.value())).flatMap(some -> some)
                    .collect(Collectors.groupingBy(ProblemType::status, TreeMap::new, Collectors.toList()))
                    .forEach((status, types) -> operation.getResponses().addApiResponse(status.toString(),
                            response(types)));
            return operation;
        };
    }

    private void examples(Operation operation) {
        examples.path("answers").path(operation.getOperationId()).properties()
                .forEach(answer -> example(operation, answer.getKey(), answer.getValue()));
    }

    private static void example(Operation operation, String status, JsonNode byType) {
        ApiResponse answer = operation.getResponses().get(status);
        if (answer == null) {
            throw new IllegalStateException(operation.getOperationId() + " is not described to answer " + status);
        }
        byType.properties().forEach(example -> {
            MediaType body = Objects.requireNonNull(answer.getContent().get(example.getKey()), example.getKey());
            body.setExample(plain(example.getValue()));
        });
    }

    /** JSON as what the specification's own library can write. */
    private static Object plain(JsonNode node) {
        return Objects.requireNonNull(JsonMapper.shared().convertValue(node, Object.class));
    }

    private static ApiResponse response(List<ProblemType> types) {
        MediaType body = new MediaType().schema(new Schema<>().$ref("#/components/schemas/" + PROBLEM));
        types.forEach(type -> body.addExamples(type.slug(),
                new Example().$ref("#/components/examples/" + type.slug())));
        ApiResponse response = new ApiResponse()
                .description(types.stream().map(ProblemType::title).collect(Collectors.joining("; ")) + ".")
                .content(new Content().addMediaType(PROBLEM_JSON, body));
        if (types.contains(TOO_MANY) || types.contains(UNAVAILABLE)) {
            response.addHeaderObject("Retry-After",
                    new Header().description("seconds").schema(new IntegerSchema().minimum(BigDecimal.ONE)));
        }
        return response;
    }

    private static Schema<?> problem() {
        Schema<?> error = new ObjectSchema()
                .addProperty("pointer", new StringSchema().description("RFC 6901, from the body's root"))
                .addProperty("parameter", new StringSchema().description("a query parameter or header"))
                .addProperty("detail", new StringSchema().description("what is wrong, and what is allowed"));
        Schema<String> type = new StringSchema();
        type.setEnum(Arrays.stream(values()).map(each -> "urn:wren:problem:" + each.slug()).sorted().toList());
        Schema<?> problem = new ObjectSchema().description("RFC 9457. Some kinds have further members, such as line"
                + " and column, limit, or error.")
                .addProperty("type", type)
                .addProperty("title", new StringSchema())
                .addProperty("status", new IntegerSchema())
                .addProperty("detail", new StringSchema())
                .addProperty("errors", new ArraySchema().items(error));
        problem.setRequired(List.of("type", "title", "status", "detail"));
        return problem;
    }

    /** Says of a member that is another schema that it may be null; annotations cannot. */
    @SuppressWarnings({"rawtypes", "unchecked"})
    private static void nullable(OpenAPI api, String schema, String member) {
        Map<String, Schema> members = Objects.requireNonNull(api.getComponents().getSchemas().get(schema))
                .getProperties();
        Schema<?> described = Objects.requireNonNull(members.get(member));
        Schema<?> either = new Schema<>().description(described.getDescription());
        either.setAnyOf(List.of(new Schema<>().$ref(described.get$ref()), new Schema<>().types(Set.of("null"))));
        members.put(member, either);
    }

    private static void sort(OpenAPI api) {
        api.getComponents().setSchemas(new TreeMap<>(api.getComponents().getSchemas()));
    }
}

package dev.wren.gateway;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.yaml.snakeyaml.Yaml;

/** The committed specification, as tests ask it. */
final class Specification {

    static final Path FILE = Path.of("openapi.yaml");

    private final Map<String, Operation> operations = new TreeMap<>();

    /**
     * An operation.
     *
     * @param answers {@code <status>}, or {@code <status> <slug>} for problems
     * @param withBody the same of those that have a body
     * @param examples the same of those that have an example
     */
    record Operation(String id, String method, String path, Set<String> answers, Set<String> withBody,
            Set<String> examples) {
    }

    Specification() {
        try {
            Map<String, Object> root = new Yaml().load(Files.readString(FILE));
            map(root.get("paths")).forEach((path, methods) -> map(methods)
                    .forEach((method, operation) -> add(path, method, map(operation))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Map<String, Operation> operations() {
        return operations;
    }

    private void add(String path, String method, Map<String, Object> operation) {
        Set<String> answers = new TreeSet<>();
        Set<String> withBody = new TreeSet<>();
        Set<String> examples = new TreeSet<>();
        map(operation.get("responses")).forEach((status, response) -> {
            Map<String, Object> content = map(map(response).get("content"));
            if (content.isEmpty()) {
                answers.add(status);
            }
            content.forEach((type, body) -> {
                if (type.equals("application/problem+json")) {
                    map(map(body).get("examples")).keySet().forEach(slug -> {
                        answers.add(status + " " + slug);
                        withBody.add(status + " " + slug);
                        examples.add(status + " " + slug);
                    });
                } else {
                    answers.add(status);
                    withBody.add(status + " " + type);
                    if (map(body).containsKey("example")) {
                        examples.add(status + " " + type);
                    }
                }
            });
        });
        String id = String.valueOf(operation.get("operationId"));
        operations.put(id, new Operation(id, method.toUpperCase(Locale.ROOT), path, answers, withBody,
                examples));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object node) {
        return node == null ? Map.of() : (Map<String, Object>) node;
    }
}

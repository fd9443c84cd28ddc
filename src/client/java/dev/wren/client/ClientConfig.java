package dev.wren.client;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * Where gateways are, and the key: of environment variables {@code WREN_URL} and {@code WREN_KEY}, else of
 * {@code wren.properties} in the working folder, else of {@code .wren.properties} in the user's, as {@code wren.url} and
 * {@code wren.key}.
 *
 * @param urls of the gateways, at least one
 * @param key of the API, or null
 */
record ClientConfig(List<String> urls, @Nullable String key) {

    private static final String DEFAULT = "http://localhost:8080";

    ClientConfig {
        urls = List.copyOf(urls);
    }

    static ClientConfig find() {
        return find(System.getenv(), Path.of(""), Path.of(System.getProperty("user.home", ".")));
    }

    static ClientConfig find(Map<String, String> environment, Path folder, Path home) {
        Properties file = new Properties();
        for (Path path : List.of(home.resolve(".wren.properties"), folder.resolve("wren.properties"))) {
            if (Files.isRegularFile(path)) {
                try (Reader in = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
                    file.load(in);
                } catch (IOException e) {
                    throw new UncheckedIOException(path + " cannot be read: " + e.getMessage(), e);
                }
            }
        }
        String urls = first(environment.get("WREN_URL"), file.getProperty("wren.url"));
        return new ClientConfig(urls == null ? List.of(DEFAULT) : split(urls),
                first(environment.get("WREN_KEY"), file.getProperty("wren.key")));
    }

    /** URLs that are separated by commas or spaces. */
    static List<String> split(String urls) {
        List<String> all = Arrays.stream(urls.split("[,\\s]+")).filter(each -> !each.isEmpty()).toList();
        if (all.isEmpty()) {
            throw new IllegalArgumentException("There is no URL of a gateway in \"" + urls + "\".");
        }
        return all;
    }

    private static @Nullable String first(@Nullable String one, @Nullable String other) {
        return one != null && !one.isBlank() ? one.strip() : other == null || other.isBlank() ? null : other.strip();
    }
}

package dev.wren.gateway.startup;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Refuses to start with a setting under {@code wren} that there is not, wherever it was given: what is misspelt would be
 * ignored in silence. What there is is in the metadata that the build makes of the records of settings.
 */
@Component
final class SettingsCheck implements BeanFactoryPostProcessor, EnvironmentAware {

    private static final String METADATA = "/META-INF/spring-configuration-metadata.json";
    private static final ConfigurationPropertyName ROOT = ConfigurationPropertyName.of("wren");
    private static final ConfigurationPropertyName EXECUTORS = ConfigurationPropertyName.of("wren.executors");
    /** How environment variables of clients begin, which may be on the same machine. */
    private static final Set<String> CLIENTS = Set.of("wrenurl", "wrenkey");

    private @Nullable Environment environment;
    private final Set<String> known = new HashSet<>();
    /** Settings that have members of their own. */
    private final Set<String> maps = new HashSet<>();

    SettingsCheck() {
        for (JsonNode setting : metadata().path("properties")) {
            String name = uniform(setting.path("name").asString());
            String type = setting.path("type").asString();
            known.add(name);
            if (type.startsWith("java.util.")) {
                maps.add(name);
            }
        }
    }

    /** Comes before anything is injected. */
    @Override
    public void setEnvironment(Environment here) {
        environment = here;
    }

    private static JsonNode metadata() {
        try (InputStream in = SettingsCheck.class.getResourceAsStream(METADATA)) {
            return JsonMapper.shared().readTree(Objects.requireNonNull(in, METADATA));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void postProcessBeanFactory(ConfigurableListableBeanFactory beans) {
        Environment settings = Objects.requireNonNull(environment);
        Set<String> unknown = new TreeSet<>();
        for (ConfigurationPropertySource source : ConfigurationPropertySources.get(settings)) {
            if (source instanceof IterableConfigurationPropertySource names) {
                names.stream().filter(ROOT::isAncestorOf).filter(name -> !isKnown(settings, name))
                        .forEach(name -> unknown.add(name.toString()));
            }
        }
        if (!unknown.isEmpty()) {
            throw new UnknownSettingsException(unknown);
        }
    }

    private boolean isKnown(Environment settings, ConfigurationPropertyName name) {
        if (EXECUTORS.isAncestorOf(name)) {
            // What an executor of another name may have, its kind knows: it is checked as if it were the local one's.
            String rest = name.subName(EXECUTORS.getNumberOfElements() + 1).toString();
            return !isLocal(settings, name) || rest.equals("kind") || isKnown("wren.executors.local." + rest);
        }
        return isKnown(name.toString()) || CLIENTS.stream().anyMatch(uniform(name.toString())::startsWith);
    }

    private static boolean isLocal(Environment settings, ConfigurationPropertyName name) {
        String executor = name.getElement(EXECUTORS.getNumberOfElements(), ConfigurationPropertyName.Form.ORIGINAL);
        return settings.getProperty("wren.executors." + executor + ".kind", executor).equals("local");
    }

    private boolean isKnown(String name) {
        String given = uniform(name);
        return known.contains(given) || maps.stream().anyMatch(given::startsWith);
    }

    /** Without what environment variables cannot have. */
    private static String uniform(String name) {
        return name.replaceAll("[^A-Za-z0-9]", "").toLowerCase(Locale.ROOT);
    }
}

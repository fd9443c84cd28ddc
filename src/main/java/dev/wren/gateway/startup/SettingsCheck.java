package dev.wren.gateway.startup;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.List;
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
    private static final ConfigurationPropertyName KIND = ConfigurationPropertyName.of("kind");
    /** How environment variables of clients begin, which may be on the same machine. */
    private static final List<ConfigurationPropertyName> CLIENTS = List.of(ConfigurationPropertyName.of("wren.url"),
            ConfigurationPropertyName.of("wren.key"));

    private @Nullable Environment environment;
    private final Set<String> known = new HashSet<>();
    /** Settings that have members of their own. */
    private final Set<String> maps = new HashSet<>();
    /** Kinds of executors whose settings are in the metadata. */
    private final Set<String> kinds = new HashSet<>();

    SettingsCheck() {
        JsonNode metadata = metadata();
        for (JsonNode group : metadata.path("groups")) {
            ConfigurationPropertyName name = ConfigurationPropertyName.of(group.path("name").asString());
            if (EXECUTORS.isParentOf(name)) {
                kinds.add(name.getLastElement(ConfigurationPropertyName.Form.ORIGINAL));
            }
        }
        for (JsonNode setting : metadata.path("properties")) {
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
            // The settings of a kind are in the metadata as those of an executor that has its name.
            String kind = kind(settings, name);
            ConfigurationPropertyName setting = name.subName(EXECUTORS.getNumberOfElements() + 1);
            return !kinds.contains(kind) || setting.equals(KIND) || isKnown(EXECUTORS.append(kind).append(setting));
        }
        return isKnown(name) || CLIENTS.stream().anyMatch(client -> client.equals(name) || client.isAncestorOf(name));
    }

    private static String kind(Environment settings, ConfigurationPropertyName name) {
        String executor = name.getElement(EXECUTORS.getNumberOfElements(), ConfigurationPropertyName.Form.ORIGINAL);
        return settings.getProperty(EXECUTORS + "." + executor + "." + KIND, executor);
    }

    private boolean isKnown(ConfigurationPropertyName name) {
        return known.contains(uniform(name.toString())) || isMember(name.getParent());
    }

    private boolean isMember(ConfigurationPropertyName of) {
        return !of.isEmpty() && (maps.contains(uniform(of.toString())) || isMember(of.getParent()));
    }

    /** Without what environment variables cannot have. */
    private static String uniform(String name) {
        return name.replaceAll("[^A-Za-z0-9]", "").toLowerCase(Locale.ROOT);
    }
}

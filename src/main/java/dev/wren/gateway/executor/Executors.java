package dev.wren.gateway.executor;

import dev.wren.gateway.callset.Placement;
import dev.wren.gateway.json.Pointers;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.validation.ValidationBindHandler;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;
import org.springframework.validation.Validator;

/** The configured executors, by name. {@code local} is there without being named. Safe for use by several threads. */
@Component
public final class Executors implements Placement, AutoCloseable {

    private static final String PREFIX = "wren.executors";
    private static final String LOCAL = "local";

    private final Map<String, Executor> byName = new LinkedHashMap<>();
    private final String defaultName;

    Executors(Environment environment, Validator validator, List<ExecutorKind> kinds,
            @Value("${wren.default-executor:local}") String defaultName) {
        this.defaultName = defaultName;
        Binder binder = Binder.get(environment);
        Map<String, Object> configured = binder.bind(PREFIX, Bindable.mapOf(String.class, Object.class))
                .orElse(Map.of());
        TreeSet<String> names = new TreeSet<>(configured.keySet());
        names.add(LOCAL);
        for (String name : names) {
            String prefix = PREFIX + "." + name;
            String kind = binder.bind(prefix + ".kind", String.class).orElse(name);
            ExecutorKind maker = kinds.stream()
                    .filter(candidate -> candidate.kind().equals(kind))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException(prefix + ".kind: there is no kind of executor "
                            + kind + "; there is " + kinds.stream().map(ExecutorKind::kind).toList()));
            byName.put(name, maker.create(name, settings(binder, validator, prefix)));
        }
        if (!byName.containsKey(defaultName)) {
            throw new IllegalStateException(
                    "wren.default-executor: " + defaultName + " is none of " + byName.keySet());
        }
    }

    private static SettingsSource settings(Binder binder, Validator validator, String prefix) {
        return new SettingsSource() {
            @Override
            public <T> T as(Class<T> type) {
                return binder.bindOrCreate(prefix, Bindable.of(type), new ValidationBindHandler(validator));
            }
        };
    }

    /** All executors, in the order of their names. */
    public Collection<Executor> all() {
        return byName.values();
    }

    /** The name of the executor of maps that name none. */
    public String defaultName() {
        return defaultName;
    }

    /** The executor of that name. */
    public Optional<Executor> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    @Override
    public String place(MapSettings settings) {
        String name = Objects.requireNonNullElse(settings.executor(), defaultName);
        Executor executor = byName.get(name);
        if (executor == null) {
            throw ProblemException.atPointer(ProblemType.INVALID_REQUEST, "/executor",
                    "There is no executor of this name; there is " + String.join(", ", byName.keySet()) + ".");
        }
        Executor.Readiness readiness = executor.readiness();
        if (!readiness.ready()) {
            throw new ProblemException(ProblemType.EXECUTOR_NOT_READY,
                    "The executor " + name + " is not ready: " + readiness.reason());
        }
        List<ProblemException.FieldError> wrong = new ArrayList<>();
        executor.wrongOverrides(settings.config()).forEach((setting, why) -> wrong
                .add(new ProblemException.FieldError(Pointers.to("config", setting), null, why)));
        if (!wrong.isEmpty()) {
            throw new ProblemException(ProblemType.INVALID_REQUEST, "The config is not valid.", wrong);
        }
        executor.longestRun(settings.config()).filter(most -> settings.jobMaxRuntime().compareTo(most) > 0)
                .ifPresent(most -> {
                    throw ProblemException.atPointer(ProblemType.INVALID_REQUEST, "/jobMaxRuntime", "The executor "
                            + name + " runs an attempt for " + most.toSeconds() + " s at most.");
                });
        return name;
    }

    /** Ends those that are not ended yet: also where the gateway did not come up. */
    @Override
    public void close() {
        byName.values().forEach(Executor::close);
    }
}

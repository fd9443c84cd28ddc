package dev.wren.gateway.startup;

import dev.wren.gateway.executor.Executors;
import dev.wren.gateway.store.ObjectStore;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** Ends the start with one line: where it listens, the store, and the executors. */
@Component
final class StartupLine {

    private static final Logger log = LoggerFactory.getLogger(StartupLine.class);

    private final Environment environment;
    private final ObjectStore store;
    private final Executors executors;

    StartupLine(Environment environment, ObjectStore store, Executors executors) {
        this.environment = environment;
        this.store = store;
        this.executors = executors;
    }

    @Order(1)
    @EventListener(ApplicationReadyEvent.class)
    void ready() {
        String management = environment.getProperty("local.management.port");
        log.info("listening on http://{}:{}, {}, store {}, executors {}",
                environment.getProperty("server.address", "0.0.0.0"), environment.getProperty("local.server.port"),
                management == null ? "no management" : "management on port " + management, store.description(),
                executors.all().stream().map(each -> each.name() + " (" + each.kind() + ")")
                        .collect(Collectors.joining(", ")));
    }
}

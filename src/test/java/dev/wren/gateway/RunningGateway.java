package dev.wren.gateway;

import dev.wren.client.generated.api.CallsApi;
import dev.wren.client.generated.api.ExecutorsApi;
import dev.wren.client.generated.api.JarsApi;
import dev.wren.client.generated.invoker.ApiClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.io.Resource;
import org.springframework.core.type.classreading.MetadataReader;

/** The real gateway on a free port, in this JVM, with a store of its own and real workers. */
final class RunningGateway implements AutoCloseable {

    static final Path FUNCTIONS = Path.of(System.getProperty("test.wren.functions"));
    static final Path EXAMPLES = Path.of(System.getProperty("test.wren.examples"));

    /** Few workers, which start with as little work as can be: no spare ones, no optimising compiler. */
    static final List<String> WORKERS = List.of("--wren.executors.local.workers=2",
            "--wren.executors.local.spare=false",
            "--wren.executors.local.jvm-arguments=-XX:TieredStopAtLevel=1");

    /** For tests that ask its management: it has a port of its own, and takes a second context. */
    static final String MANAGED = "--management.server.port=0";

    /** What Spring reads of classes when it starts: the same each time. */
    private static final Map<Resource, MetadataReader> CLASSES = new ConcurrentHashMap<>();

    private final ConfigurableApplicationContext context;
    private final Duration took;
    private final String url;
    private final Http http;

    private RunningGateway(ConfigurableApplicationContext context, Duration took) {
        this.context = context;
        this.took = took;
        this.url = "http://127.0.0.1:" + context.getEnvironment().getRequiredProperty("local.server.port");
        this.http = new Http(url);
    }

    static RunningGateway start(Path store, String... settings) {
        return start(store, context -> {
        }, settings);
    }

    /** The same, with further or other beans. */
    static RunningGateway start(Path store, Consumer<GenericApplicationContext> beans, String... settings) {
        Map<String, String> arguments = new LinkedHashMap<>();
        Stream.of(Stream.of("--server.port=0", "--management.server.port=-1"), WORKERS.stream(),
                TestStore.settings(store).stream(), Stream.of(settings)).flatMap(each -> each)
                .forEach(each -> arguments.put(each.substring(0, each.indexOf('=')), each));
        SpringApplication application = new SpringApplication(WrenGateway.class);
        application.addInitializers(context -> {
            GenericApplicationContext generic = (GenericApplicationContext) context;
            Map<Resource, MetadataReader> read = generic.getResourceCache(MetadataReader.class);
            read.putAll(CLASSES);
            generic.addBeanFactoryPostProcessor(_ -> CLASSES.putAll(read));
            beans.accept(generic);
        });
        // Logback is one for the JVM, and each start sets it up anew: two at once would see half of it.
        synchronized (RunningGateway.class) {
            long begun = System.nanoTime();
            ConfigurableApplicationContext started = application.run(arguments.values().toArray(String[]::new));
            return new RunningGateway(started, Duration.ofNanos(System.nanoTime() - begun));
        }
    }

    /** The same, with the test functions uploaded as {@code fn}. */
    static RunningGateway startWithFunctions(Path store, String... settings) {
        return startWithFunctions(store, context -> {
        }, settings);
    }

    /** The same, with further or other beans. */
    static RunningGateway startWithFunctions(Path store, Consumer<GenericApplicationContext> beans,
            String... settings) {
        RunningGateway gateway = start(store, beans, settings);
        Http.Answer put = gateway.http.putJar("fn", FUNCTIONS);
        if (put.status() >= 300) {
            throw new AssertionError(put.text());
        }
        return gateway;
    }

    String url() {
        return url;
    }

    /** From the start's beginning to requests that are answered; not for how long it waited for other starts. */
    Duration took() {
        return took;
    }

    /** Of one that is {@link #MANAGED}. */
    String managementUrl() {
        return "http://127.0.0.1:" + context.getEnvironment().getRequiredProperty("local.management.port");
    }

    Http http() {
        return http;
    }

    <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    CallsApi calls() {
        return new CallsApi(client());
    }

    JarsApi jars() {
        return new JarsApi(client());
    }

    ExecutorsApi executors() {
        return new ExecutorsApi(client());
    }

    private ApiClient client() {
        ApiClient client = new ApiClient();
        client.updateBaseUri(url);
        return client;
    }

    @Override
    public void close() {
        context.close();
    }
}

package dev.wren.gateway.aws;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.wren.gateway.store.s3.MotoServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.Filter;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.ResponseLaunchTemplateData;
import software.amazon.awssdk.services.ec2.model.ShutdownBehavior;

/**
 * A stand-in for EC2: moto, with scripted answers in front of it, and machines that it has launched, each played by a
 * {@link Ec2Machine} that runs the launch template's real user-data.
 */
public final class Ec2Server implements AutoCloseable {

    /** The name of the launch template that there is. */
    public static final String TEMPLATE = "wren-standalone";

    private final MotoServer moto;
    private final HttpServer front;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient http = HttpClient.newHttpClient();
    private final Ec2Client client;
    private final Map<String, String> environment;
    private final ScheduledExecutorService driver = Executors.newSingleThreadScheduledExecutor();
    private final Map<String, Ec2Machine> machines = new ConcurrentHashMap<>();
    private final List<String> requests = new ArrayList<>();
    private final ConcurrentLinkedQueue<Function<Map<String, String>, String>> scripts = new ConcurrentLinkedQueue<>();
    private volatile boolean plays = true;

    private Ec2Server(MotoServer moto, Map<String, String> environment) {
        this.moto = moto;
        this.environment = environment;
        try {
            front = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        front.setExecutor(threads);
        front.createContext("/", this::answer);
        front.start();
        client = Ec2Client.builder().httpClientBuilder(Apache5HttpClient.builder()).endpointOverride(moto.endpoint())
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("key", "secret")))
                .build();
        client.createLaunchTemplate(create -> create.launchTemplateName(TEMPLATE)
                .launchTemplateData(data -> data.imageId("ami-03cf127a")
                        .instanceInitiatedShutdownBehavior(ShutdownBehavior.TERMINATE)
                        .userData(Base64.getEncoder()
                                .encodeToString(userData().getBytes(StandardCharsets.UTF_8)))));
        var _ = driver.scheduleWithFixedDelay(this::play, 100, 400, TimeUnit.MILLISECONDS);
    }

    /**
     * Starts it.
     *
     * @param environment by which machines find other stand-ins
     */
    public static Ec2Server start(Map<String, String> environment) {
        try {
            return new Ec2Server(MotoServer.start(), environment);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** The script in the committed template. */
    private static String userData() {
        try {
            List<String> lines = Files.readAllLines(Path.of("deploy/standalone.yaml"));
            int first = lines.indexOf("          Fn::Base64: |") + 1;
            return String.join("\n", lines.subList(first, lines.size()).stream()
                    .takeWhile(line -> line.isEmpty() || line.startsWith("            "))
                    .map(line -> line.isEmpty() ? "" : line.substring(12)).toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + front.getAddress().getPort());
    }

    /** A client of moto, past the scripts. */
    public Ec2Client client() {
        return client;
    }

    /**
     * Answers requests from now on, until it was answered so often.
     *
     * @param script gets a request's parameters, and gives the XML of an error or answer, or null for moto's own
     */
    public void script(Function<Map<String, String>, @Nullable String> script) {
        scripts.add(script);
    }

    public void noScripts() {
        scripts.clear();
    }

    /** An error as EC2 says it. */
    public static String error(String code, String message) {
        return "<Response><Errors><Error><Code>" + code + "</Code><Message>" + message
                + "</Message></Error></Errors><RequestID>r</RequestID></Response>";
    }

    /** Names of the requests so far. */
    public List<String> requests() {
        synchronized (requests) {
            return List.copyOf(requests);
        }
    }

    /** Whether machines start that are launched from now on. */
    public void plays(boolean now) {
        plays = now;
    }

    /** The machine of an instance. */
    public Ec2Machine machine(String id) {
        return machines.get(id);
    }

    /** Instances that are pending or run, of any pool. */
    public List<Instance> live() {
        // moto keeps those that have ended, and is slow with many.
        return client.describeInstancesPaginator(describe -> describe.maxResults(1000)
                .filters(Filter.builder().name("instance-state-name").values("pending", "running").build()))
                .reservations()
                .stream().flatMap(each -> each.instances().stream()).toList();
    }

    private void play() {
        try {
            List<Instance> live = live();
            Set<String> ids = live.stream().map(Instance::instanceId).collect(Collectors.toSet());
            machines.forEach((id, machine) -> {
                if (!ids.contains(id)) {
                    machine.close();
                }
            });
            for (Instance instance : live) {
                String id = instance.instanceId();
                Ec2Machine machine = machines.get(id);
                if (machine == null) {
                    if (plays) {
                        machines.put(id, Ec2Machine.start(instance, launchData(), environment));
                    }
                    continue;
                }
                machine.tags(instance.tags());
                if (machine.isShutDown()) {
                    // As its launch template says.
                    client.terminateInstances(terminate -> terminate.instanceIds(id));
                    machine.close();
                }
            }
        } catch (RuntimeException e) {
            if (!driver.isShutdown()) {
                e.printStackTrace();
            }
        }
    }

    private ResponseLaunchTemplateData launchData() {
        return client.describeLaunchTemplateVersions(of -> of.launchTemplateName(TEMPLATE)).launchTemplateVersions()
                .getFirst().launchTemplateData();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            Map<String, String> parameters = parameters(new String(body, StandardCharsets.UTF_8));
            synchronized (requests) {
                requests.add(parameters.getOrDefault("Action", ""));
            }
            for (Function<Map<String, String>, String> script : scripts) {
                String said = script.apply(parameters);
                if (said != null) {
                    byte[] bytes = said.getBytes(StandardCharsets.UTF_8);
                    exchange.getResponseHeaders().set("Content-Type", "text/xml");
                    exchange.sendResponseHeaders(said.contains("RequestLimitExceeded")
                            ? 503
                            : said.startsWith("<Response><Errors>") ? 400 : 200, bytes.length);
                    exchange.getResponseBody().write(bytes);
                    return;
                }
            }
            HttpRequest.Builder on = HttpRequest.newBuilder(moto.endpoint())
                    .POST(HttpRequest.BodyPublishers.ofByteArray(body));
            for (String header : List.of("Content-Type", "Authorization", "X-Amz-Date")) {
                String value = exchange.getRequestHeaders().getFirst(header);
                if (value != null) {
                    on.header(header, value);
                }
            }
            HttpResponse<byte[]> answer = http.send(on.build(), HttpResponse.BodyHandlers.ofByteArray());
            exchange.getResponseHeaders().set("Content-Type", "text/xml");
            exchange.sendResponseHeaders(answer.statusCode(), answer.body().length == 0 ? -1 : answer.body().length);
            exchange.getResponseBody().write(answer.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Map<String, String> parameters(String form) {
        Map<String, String> all = new ConcurrentHashMap<>();
        for (String each : form.split("&")) {
            int equals = each.indexOf('=');
            if (equals > 0) {
                all.put(each.substring(0, equals),
                        URLDecoder.decode(each.substring(equals + 1), StandardCharsets.UTF_8));
            }
        }
        return all;
    }

    /** Ends all instances, and their machines. */
    public void clear() {
        noScripts();
        List<String> ids = live().stream().map(Instance::instanceId).toList();
        if (!ids.isEmpty()) {
            client.terminateInstances(terminate -> terminate.instanceIds(ids));
        }
        machines.values().forEach(Ec2Machine::close);
    }

    @Override
    public void close() {
        driver.shutdownNow();
        machines.values().forEach(Ec2Machine::close);
        front.stop(0);
        threads.shutdownNow();
        client.close();
        moto.close();
    }
}

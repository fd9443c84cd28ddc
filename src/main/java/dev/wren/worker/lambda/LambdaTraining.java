package dev.wren.worker.lambda;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.wren.protocol.Invocation;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.jvm.Folders;
import dev.wren.protocol.remote.RemoteCall;
import dev.wren.protocol.remote.RemoteHello;
import dev.wren.protocol.remote.RemoteInvocation;
import dev.wren.worker.training.TrainingJar;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Makes an AOT cache for environments: starts one as Lambda does, and is Lambda, its store and its queue to it for a few
 * invocations. The cache is good for the same Java machine, jar and path: so it is made where an image is built.
 */
public final class LambdaTraining {

    private static final String RUNTIME = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda";
    private static final String HANDLER = LambdaWorker.class.getName() + "::handleRequest";
    private static final Pattern BODY = Pattern.compile("\"MessageBody\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final long FAR_FUTURE = 4_000_000_000_000L;
    private static final int USAGE = 64;

    private final TrainingJar jar;
    private final String url;
    private final Queue<byte[]> invocations = new ArrayDeque<>();
    private int reported;

    private LambdaTraining(TrainingJar jar, String url) {
        this.jar = jar;
        this.url = url;
        invocations.add(RemoteHello.QUESTION.getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < 10; i++) {
            invocations.add(invocation(i, TrainingJar.FUNCTION, TrainingJar.ORDER, "{\"id\":7}", "null"));
            invocations.add(invocation(i, TrainingJar.FUNCTION + "::square", "3", "\"x\""));
            invocations.add(invocation(i, TrainingJar.FUNCTION + "::print", "\"" + "long".repeat(500) + "\""));
            invocations.add(invocation(i, TrainingJar.FUNCTION + "::fail", "\"on purpose\""));
        }
    }

    /**
     * {@code java -cp wren-lambda.jar dev.wren.worker.lambda.LambdaTraining CACHE [OPTION …]}.
     *
     * @param args the file to make, and options of the Java machine that environments are started with
     */
    public static void main(String[] args) throws Exception {
        if (args.length == 0) {
            System.err.println(
                    "usage: java -cp wren-lambda.jar " + LambdaTraining.class.getName() + " CACHE [OPTION ...]");
            System.exit(USAGE);
        }
        Path cache = Path.of(args[0]).toAbsolutePath();
        Path folder = Files.createTempDirectory("wren-training");
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        try {
            String address = "127.0.0.1:" + server.getAddress().getPort();
            LambdaTraining training = new LambdaTraining(TrainingJar.write(folder.resolve("training.jar")),
                    "http://" + address);
            int wanted = training.invocations.size() - 1;
            server.createContext("/", training::answer);
            server.start();
            List<String> command = new ArrayList<>(
                    List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
            command.addAll(List.of(args).subList(1, args.length));
            // What it leaves goes with the folder.
            command.add("-Djava.io.tmpdir=" + folder.resolve(LambdaEnvironment.FOR_FUNCTIONS));
            command.addAll(List.of("-XX:AOTCacheOutput=" + cache, "--enable-native-access=ALL-UNNAMED", "-cp",
                    System.getProperty("java.class.path"), RUNTIME, HANDLER));
            ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
            builder.environment().putAll(Map.of("AWS_LAMBDA_RUNTIME_API", address, "AWS_REGION", "us-east-1",
                    "AWS_ACCESS_KEY_ID", "training", "AWS_SECRET_ACCESS_KEY", "training", "AWS_ENDPOINT_URL_SQS",
                    "http://" + address, "AWS_LAMBDA_FUNCTION_NAME", "training", "AWS_LAMBDA_FUNCTION_VERSION", "1",
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512", "AWS_LAMBDA_LOG_STREAM_NAME", "training",
                    "AWS_LAMBDA_LOG_GROUP_NAME", "training"));
            int exit = builder.start().waitFor();
            if (training.reported < wanted || !Files.exists(cache)) {
                throw new IllegalStateException("no cache was made: " + training.reported + " of " + wanted
                        + " invocations were reported, and the environment has ended with " + exit);
            }
        } finally {
            server.stop(0);
            Folders.delete(folder);
        }
    }

    private byte[] invocation(int round, String handler, String... data) {
        return new RemoteInvocation(
                new Invocation(Protocol.VERSION, "training-" + round, data.length,
                        List.of(new Invocation.Jar(jar.sha256(), url + "/jar")), handler, Invocation.NO_ARGUMENTS,
                        List.of(), "{}", round, 10_000),
                "training", Map.of(), false, new RemoteInvocation.Limits(1024, 1 << 20, 256, 4096, 100, 60_000, 5),
                FAR_FUTURE, FAR_FUTURE, null, url + "/overflow", List.of(url + "/cancelled", url + "/manifest"),
                url + "/queue", false,
                IntStream.range(0, data.length)
                        .mapToObj(i -> new RemoteCall(i, 1, "token",
                                new RemoteCall.Datum.Inline(data[i].getBytes(StandardCharsets.UTF_8))))
                        .toList())
                .toJson();
    }

    /** One request after the other. */
    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            byte[] body = exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            if (path.endsWith("/next")) {
                next(exchange);
            } else if (path.equals("/jar")) {
                send(exchange, 200, Files.readAllBytes(jar.file()));
            } else if (exchange.getRequestHeaders().containsKey("X-Amz-Target")) {
                reported++;
                send(exchange, 200, ("{\"MessageId\":\"1\",\"MD5OfMessageBody\":\"" + md5(body) + "\"}")
                        .getBytes(StandardCharsets.UTF_8));
            } else {
                send(exchange, 202, "{}".getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private void next(HttpExchange exchange) throws IOException {
        byte[] next = invocations.poll();
        if (next == null) {
            // The runtime interface client ends at that.
            send(exchange, 500, "{}".getBytes(StandardCharsets.UTF_8));
            return;
        }
        exchange.getResponseHeaders().set("Lambda-Runtime-Aws-Request-Id", "1");
        exchange.getResponseHeaders().set("Lambda-Runtime-Deadline-Ms", Long.toString(FAR_FUTURE));
        exchange.getResponseHeaders().set("Lambda-Runtime-Trace-Id", "Root=1");
        exchange.getResponseHeaders().set("Lambda-Runtime-Invoked-Function-Arn",
                "arn:aws:lambda:us-east-1:0:function:x");
        send(exchange, 200, next);
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    /** The client checks what the queue says of the message. */
    private static String md5(byte[] request) {
        Matcher body = BODY.matcher(new String(request, StandardCharsets.UTF_8));
        String message = body.find() ? body.group(1).replace("\\\"", "\"").replace("\\\\", "\\") : "";
        try {
            return HexFormat.of().formatHex(
                    MessageDigest.getInstance("MD5").digest(message.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}

package dev.wren.gateway.executor.lambda;

import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.remote.RemoteInvocations;
import dev.wren.gateway.executor.remote.ReportsQueue;
import dev.wren.gateway.executor.remote.Senders;
import dev.wren.gateway.executor.remote.Turn;
import dev.wren.protocol.WireException;
import dev.wren.protocol.remote.RemoteReports;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.InvocationType;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.TooManyRequestsException;

/** Sends a chunk, as often as it takes until Lambda has it. Safe for use by several threads. */
final class Invoker {

    private static final Logger log = LoggerFactory.getLogger(Invoker.class);
    /** Bytes of an invocation, at most: Lambda takes 1 MB. */
    private static final int MOST = 1_000_000;
    private static final int TOO_LARGE = 413;
    private static final int TOO_MANY = 429;
    private static final int SERVER_ERROR = 500;

    private final String name;
    private final LambdaSettings settings;
    private final LambdaClient client;
    private final LambdaFunctions functions;
    private final RemoteInvocations invocations;
    private final ReportsQueue queue;
    private final SendRate rate;
    private final Senders senders;
    private final MeterRegistry metrics;
    private final Random random = new Random();

    Invoker(String name, LambdaSettings settings, LambdaClient client, LambdaFunctions functions,
            RemoteInvocations invocations, ReportsQueue queue, SendRate rate, Senders senders,
            MeterRegistry metrics) {
        this.name = name;
        this.settings = settings;
        this.client = client;
        this.functions = functions;
        this.invocations = invocations;
        this.queue = queue;
        this.rate = rate;
        this.senders = senders;
        this.metrics = metrics;
    }

    /** What a try of a request came to. */
    private enum Result {
        ACCEPTED("accepted"),
        THROTTLED("throttled"),
        FAILED("failed"),
        REFUSED("refused");

        private final String tag;

        Result(String tag) {
            this.tag = tag;
        }
    }

    /**
     * Sends the chunk.
     *
     * @param turn of the thread that calls
     * @return the id of the request, if the reports are to be awaited; nothing if the chunk has ended otherwise, or is to
     * be ended
     */
    Optional<String> send(Chunk chunk, Turn turn) {
        Duration allowance = chunk.allowance();
        for (int tries = 1;; tries++) {
            if (RemoteInvocations.isUnwanted(chunk) || !senders.await(rate.turn())) {
                RemoteInvocations.giveBack(chunk);
                return Optional.empty();
            }
            Optional<LambdaFunctions.Function> function = functions.next(chunk.job().settings().config());
            if (function.isEmpty()) {
                chunk.postpone();
                return Optional.empty();
            }
            chunk.heard(allowance);
            byte[] payload = invocations.make(chunk, queue.url(chunk.job().id()), allowance, !settings.isEvent())
                    .toJson();
            if (payload.length > MOST) {
                RemoteInvocations.tooLarge(chunk, payload.length, MOST);
                return Optional.empty();
            }
            Timer.Sample sample = Timer.start(metrics);
            Result result = Result.FAILED;
            try {
                InvokeResponse answer = invoke(function.get(), chunk, payload, turn);
                result = Result.ACCEPTED;
                rate.accepted();
                return settings.isEvent()
                        ? Optional.of(answer.responseMetadata().requestId())
                        : answered(chunk, answer);
            } catch (TooManyRequestsException e) {
                result = Result.THROTTLED;
                rate.refused(retryAfter(e.retryAfterSeconds()));
            } catch (LambdaException e) {
                if (e.statusCode() == TOO_MANY) {
                    result = Result.THROTTLED;
                    rate.refused(Duration.ZERO);
                } else if (e.statusCode() == TOO_LARGE) {
                    result = Result.REFUSED;
                    RemoteInvocations.tooLarge(chunk, payload.length, MOST);
                    return Optional.empty();
                } else if (e.statusCode() < SERVER_ERROR) {
                    result = Result.REFUSED;
                    functions.forget();
                    log.warn("callset {}: Lambda does not take its calls, which wait: {}", chunk.job().id(),
                            e.getMessage());
                    chunk.postpone();
                    return Optional.empty();
                }
            } catch (InterruptedException | AbortedException _) {
                // What was sent may run: it is sent again after the next start, as whatever is not noted.
                Thread.currentThread().interrupt();
                RemoteInvocations.giveBack(chunk);
                return Optional.empty();
            } catch (RuntimeException e) {
                log.debug("callset {}: an invocation is tried again", chunk.job().id(), e);
            } finally {
                sample.stop(Timer.builder("wren.lambda.invoke")
                        .description("requests to Lambda that send a chunk, and what they came to")
                        .tag("executor", name).tag("outcome", result.tag).register(metrics));
            }
            if (!senders.await(backoff(tries))) {
                RemoteInvocations.giveBack(chunk);
                return Optional.empty();
            }
        }
    }

    private InvokeResponse invoke(LambdaFunctions.Function function, Chunk chunk, byte[] payload, Turn turn)
            throws InterruptedException {
        // Whether an event was taken is known soon, and is worth to be known.
        boolean known = settings.isEvent();
        if (known) {
            turn.begin();
        }
        try {
            return client.invoke(invoke -> {
                invoke.functionName(function.name())
                        .invocationType(known ? InvocationType.EVENT : InvocationType.REQUEST_RESPONSE)
                        .payload(SdkBytes.fromByteArrayUnsafe(payload));
                if (function.isolatesTenants()) {
                    invoke.tenantId(chunk.job().tenant());
                }
            });
        } finally {
            if (known) {
                turn.end();
            }
        }
    }

    /** The reports are there, or will come by the queue. */
    private Optional<String> answered(Chunk chunk, InvokeResponse answer) {
        if (answer.functionError() != null) {
            queue.ended(new ReportsQueue.Sending(chunk.job().id(), chunk.send(), chunk.open()),
                    answer.payload().asUtf8String());
            return Optional.of(answer.responseMetadata().requestId());
        }
        try {
            queue.answered(RemoteReports.read(answer.payload().asByteArrayUnsafe()));
        } catch (WireException e) {
            log.warn("callset {}: an answer of Lambda's cannot be read: {}", chunk.job().id(), e.getMessage());
        }
        return Optional.empty();
    }

    private static Duration retryAfter(@Nullable String seconds) {
        try {
            return seconds == null
                    ? Duration.ZERO
                    : Duration.ofMillis((long) (Math.clamp(Double.parseDouble(seconds), 0, 60) * 1000));
        } catch (NumberFormatException _) {
            return Duration.ZERO;
        }
    }

    private long backoff(int tries) {
        double factor = Math.pow(2, Math.min(tries - 1, 20)) * (0.5 + random.nextDouble());
        return (long) Math.min((double) settings.retryCap().toNanos(), settings.retryBase().toNanos() * factor);
    }
}

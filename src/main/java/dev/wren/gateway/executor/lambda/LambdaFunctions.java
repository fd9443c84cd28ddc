package dev.wren.gateway.executor.lambda;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.gateway.executor.Executor.Readiness;
import dev.wren.protocol.Protocol;
import dev.wren.protocol.WireException;
import dev.wren.protocol.remote.RemoteHello;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.unit.DataSize;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.AccountLimit;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationResponse;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.PackageType;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;
import software.amazon.awssdk.services.lambda.model.State;
import software.amazon.awssdk.services.lambda.model.TenantIsolationMode;

/**
 * The functions of an executor, as Lambda says they are: looked at when somebody wants to know, and again after a while.
 * A function that has changed is asked whether its worker speaks the gateway's protocol. Safe for use by several threads.
 */
final class LambdaFunctions {

    private static final Logger log = LoggerFactory.getLogger(LambdaFunctions.class);
    private static final String HANDLER = "dev.wren.worker.lambda.LambdaWorker";
    private static final int LEAST_JAVA = 25;
    private static final long IN_TROUBLE = TimeUnit.SECONDS.toNanos(5);
    private static final int FORBIDDEN = 403;
    /** How long the start of an environment is waited for. */
    private static final Duration START = Duration.ofSeconds(30);
    private static final Duration LONGEST_RUN = Duration.ofMinutes(15);
    /** What an account may run at once, where nobody may ask for it: Lambda's own default. */
    private static final int DEFAULT_CONCURRENCY = 1000;

    private final LambdaClient client;
    private final LambdaSettings settings;
    private final Ticker ticker;
    private final ReentrantLock lock = new ReentrantLock();
    /** By function: the code whose worker was asked, and what it said. */
    private final Map<String, Asked> asked = new HashMap<>();
    private final AtomicInteger turns = new AtomicInteger();
    private volatile @Nullable Look look;
    private volatile boolean stale;

    LambdaFunctions(LambdaClient client, LambdaSettings settings, Ticker ticker) {
        this.client = client;
        this.settings = settings;
        this.ticker = ticker;
    }

    /**
     * A function that can be used.
     *
     * @param name as it is configured
     * @param memory megabytes
     * @param timeout its own time limit
     * @param isolatesTenants whether Lambda keeps environments of tenants apart, and must be told the tenant of an invocation
     */
    record Function(String name, int memory, Duration timeout, boolean isolatesTenants) {
    }

    private record Asked(String code, @Nullable String trouble) {
    }

    /** What was seen. */
    private record Look(List<Function> functions, @Nullable String trouble, int concurrency, long at) {
    }

    private static final Look NOTHING = new Look(List.of(), "nobody has looked yet", DEFAULT_CONCURRENCY, 0);

    /** Whether all functions can be used; looks again if the last look was a while ago. */
    Readiness readiness() {
        String trouble = look().trouble;
        return trouble == null ? Readiness.READY : Readiness.notReady(trouble);
    }

    /** The next time that somebody asks for {@link #readiness}, it is looked at again. */
    void forget() {
        stale = true;
    }

    /** What was seen last. It asks nobody: callers hold locks, or are many. */
    private Look known() {
        Look seen = look;
        return seen == null ? NOTHING : seen;
    }

    /** Calls that the account or the functions may run at once. */
    int concurrency() {
        return known().concurrency;
    }

    /** The longest time limit of a function; where none was seen yet, that of Lambda. */
    Duration longestTimeout() {
        return known().functions.stream().map(Function::timeout).max(Comparator.naturalOrder())
                .orElse(LONGEST_RUN);
    }

    /** The functions that a map with these overrides runs on: of one amount of memory. */
    List<Function> of(Map<String, Object> config) {
        List<Function> all = known().functions;
        if (all.isEmpty()) {
            return all;
        }
        int memory = config.get("memory") instanceof String text
                ? least(all, DataSize.parse(text).toMegabytes()).orElse(all.getFirst().memory)
                : all.getFirst().memory;
        return all.stream().filter(function -> function.memory == memory).toList();
    }

    /** The least memory of a function that has so many megabytes. */
    Optional<Integer> least(long megabytes) {
        return least(known().functions, megabytes);
    }

    private static Optional<Integer> least(List<Function> all, long megabytes) {
        return all.stream().map(Function::memory).filter(memory -> memory >= megabytes).min(Comparator.naturalOrder());
    }

    /** Each in turn. */
    Optional<Function> next(Map<String, Object> config) {
        List<Function> some = of(config);
        return some.isEmpty()
                ? Optional.empty()
                : Optional.of(some.get(Math.floorMod(turns.getAndIncrement(), some.size())));
    }

    private Look look() {
        Look now = look;
        if (now != null && isFresh(now)) {
            return now;
        }
        if (now != null && now.trouble == null) {
            // What was ready is taken for ready while somebody looks again.
            if (lock.tryLock()) {
                try {
                    Look meanwhile = known();
                    return isFresh(meanwhile) ? meanwhile : lookAgain();
                } finally {
                    lock.unlock();
                }
            }
            return now;
        }
        lock.lock();
        try {
            Look meanwhile = look;
            return meanwhile != null && isFresh(meanwhile) ? meanwhile : lookAgain();
        } finally {
            lock.unlock();
        }
    }

    /** What is in trouble is looked at again sooner. */
    private boolean isFresh(Look seen) {
        long every = settings.lookEvery().toNanos();
        return !stale && ticker.read() - seen.at < (seen.trouble == null ? every : Math.min(every, IN_TROUBLE));
    }

    private Look lookAgain() {
        stale = false;
        List<Function> functions = new ArrayList<>();
        String trouble = null;
        int concurrency = 0;
        for (String name : settings.functions()) {
            try {
                GetFunctionConfigurationResponse is = client.getFunctionConfiguration(get -> get.functionName(name));
                String wrong = wrong(name, is);
                trouble = trouble == null ? wrong : trouble;
                functions.add(new Function(name, is.memorySize() == null ? 0 : is.memorySize(),
                        Duration.ofSeconds(is.timeout() == null ? 3 : is.timeout()),
                        is.tenancyConfig() != null
                                && is.tenancyConfig().tenantIsolationMode() == TenantIsolationMode.PER_TENANT));
                concurrency += reserved(name);
            } catch (SdkException e) {
                trouble = trouble == null ? reason(name, e) : trouble;
            }
        }
        Look before = look;
        // What was known is kept: what was sent is still awaited by it.
        Look seen = new Look(functions.isEmpty() && before != null ? before.functions : List.copyOf(functions), trouble,
                concurrency > 0 ? concurrency : account(), ticker.read());
        if (trouble != null && (before == null || !trouble.equals(before.trouble))) {
            log.warn("Lambda cannot be used: {}", trouble);
        } else if (trouble == null && before != null && before.trouble != null) {
            log.info("Lambda can be used again");
        }
        look = seen;
        return seen;
    }

    private @Nullable String wrong(String name, GetFunctionConfigurationResponse is) {
        if (is.state() != null && is.state() != State.ACTIVE && is.state() != State.INACTIVE) {
            return "the function " + name + " is " + is.stateAsString() + " " + (is.stateReason() == null
                    ? ""
                    : is.stateReason());
        }
        if (is.packageType() != PackageType.IMAGE) {
            String runtime = is.runtimeAsString();
            if (runtime == null || !runtime.matches("java\\d+.*")
                    || Integer.parseInt(runtime.replaceAll("java(\\d+).*", "$1")) < LEAST_JAVA) {
                return "the function " + name + " has the runtime " + runtime + "; workers need java" + LEAST_JAVA;
            }
            if (is.handler() == null || !is.handler().startsWith(HANDLER)) {
                return "the function " + name + " has the handler " + is.handler() + ", not " + HANDLER
                        + "::handleRequest";
            }
        }
        String code = is.codeSha256() + " " + is.version() + " " + is.revisionId();
        Asked last = asked.get(name);
        if (last == null || !last.code.equals(code)) {
            last = new Asked(code, ask(name, is));
            if (last.trouble == null) {
                asked.put(name, last);
            }
        }
        return last.trouble;
    }

    private @Nullable String ask(String name, GetFunctionConfigurationResponse is) {
        InvokeResponse answer = client.invoke(invoke -> {
            invoke.functionName(name).payload(SdkBytes.fromUtf8String(RemoteHello.QUESTION))
                    .overrideConfiguration(each -> each.apiCallTimeout(START).apiCallAttemptTimeout(START));
            if (is.tenancyConfig() != null) {
                invoke.tenantId("hello");
            }
        });
        String text = answer.payload().asUtf8String();
        if (answer.functionError() != null) {
            return "the function " + name + " fails: " + text;
        }
        try {
            RemoteHello hello = RemoteHello.read(answer.payload().asByteArrayUnsafe());
            if (hello.version() != Protocol.VERSION) {
                return "the function " + name + " speaks version " + hello.version()
                        + " of the protocol, the gateway version " + Protocol.VERSION
                        + ": deploy the wren-lambda.jar of the gateway's build";
            }
            return hello.trouble() == null ? null : "the function " + name + ": " + hello.trouble();
        } catch (WireException e) {
            return "the function " + name + " is no worker: it answers " + (text.length() > 200
                    ? text.substring(0, 200)
                    : text);
        }
    }

    private int reserved(String name) {
        try {
            Integer reserved = client.getFunctionConcurrency(get -> get.functionName(unqualified(name)))
                    .reservedConcurrentExecutions();
            return reserved == null ? 0 : reserved;
        } catch (SdkException e) {
            log.debug("the reserved concurrency of {} is not known", name, e);
            return 0;
        }
    }

    private int account() {
        try {
            AccountLimit limit = client.getAccountSettings(_ -> {
            }).accountLimit();
            Integer most = limit == null ? null : limit.unreservedConcurrentExecutions();
            return most == null || most < 1 ? DEFAULT_CONCURRENCY : most;
        } catch (SdkException e) {
            log.debug("the account's concurrency is not known", e);
            return DEFAULT_CONCURRENCY;
        }
    }

    /** {@code name:alias} and {@code arn:aws:lambda:region:account:function:name:alias} without the alias. */
    private static String unqualified(String name) {
        String[] parts = name.split(":", -1);
        boolean arn = parts[0].equals("arn");
        int named = arn ? 7 : 1;
        return parts.length <= named ? name : String.join(":", List.of(parts).subList(0, named));
    }

    private static String reason(String name, SdkException e) {
        if (e instanceof ResourceNotFoundException) {
            return "there is no function " + name;
        }
        if (e instanceof LambdaException answer && answer.statusCode() == FORBIDDEN) {
            return "the gateway may not use the function " + name + ": " + e.getMessage();
        }
        return "the function " + name + " cannot be looked at: " + e.getMessage();
    }
}

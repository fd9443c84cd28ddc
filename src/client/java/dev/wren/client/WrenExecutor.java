package dev.wren.client;

import dev.wren.client.generated.model.Callset;
import dev.wren.client.generated.model.PageCallset;
import dev.wren.client.generated.model.PageInstance;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs functions of this program over data elsewhere.
 *
 * <pre>{@code
 * try (WrenExecutor executor = WrenExecutor.connect()) {
 *     List<ResponseFuture<Integer>> futures = executor.map(Squares::square, List.of(1, 2, 3));
 *     List<Integer> results = executor.getAllResults(futures);
 * }
 * }</pre>
 *
 * <p>
 * The function's code travels by itself: the program's class path is brought to the gateway, all that is in its folders and
 * jars; what is there already is not sent. A request that is not answered is sent again, to another gateway where
 * several are known, for the time of {@link Builder#patience}; a map that was accepted is never accepted twice. Safe for use by
 * several threads.
 */
public final class WrenExecutor implements AutoCloseable {

    private static final Duration FOREVER = Duration.ofDays(365);
    /** Items of a list that are asked for at once; the gateway's limit. */
    private static final int PAGE = 1000;

    private final Gateways gateways;
    private final JsonMapper json;
    private final ProgressBar.Factory bars;
    private final CodeUpload code;
    private final Submission submission;
    private final Waiting waiting;
    private final @Nullable String executor;

    private WrenExecutor(Builder builder) {
        this.gateways = new Gateways(builder.urls, builder.key, builder.patience, Time.system());
        this.json = builder.json;
        this.bars = builder.bars;
        this.executor = builder.executor;
        this.code = new CodeUpload(gateways,
                builder.hashes == null ? CodeHashes.ofUser() : CodeHashes.in(builder.hashes, Clock.systemUTC()), bars);
        this.submission = new Submission(gateways, code, json, builder.leaveOut);
        this.waiting = new Waiting(gateways);
    }

    /**
     * The gateways of {@code WREN_URL}, with the key of {@code WREN_KEY}; else those of {@code wren.properties}; else
     * {@code http://localhost:8080}. Nothing is asked of them yet.
     */
    public static WrenExecutor connect() {
        return builder().build();
    }

    /** The same, for maps on AWS Lambda. */
    public static WrenExecutor lambda() {
        return builder().executor("lambda").build();
    }

    /** The same, for maps on the pool of machines. */
    public static WrenExecutor standalone() {
        return builder().executor("standalone").build();
    }

    /** The same, for maps on the gateway's own machine. */
    public static WrenExecutor local() {
        return builder().executor("local").build();
    }

    /** Says more, or all of it. */
    public static Builder builder() {
        return new Builder();
    }

    /** What an executor is made of. Used by one thread. */
    public static final class Builder {

        private List<String> urls;
        private @Nullable String key;
        private @Nullable String executor;
        private Duration patience = Duration.ofMinutes(2);
        private JsonMapper json = JsonMapper.builder().findAndAddModules()
                .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();
        private ProgressBar.Factory bars = ProgressBar.Factory.ofTerminal();
        private @Nullable Path hashes;
        private Predicate<Path> leaveOut = path -> false;

        private Builder() {
            ClientConfig found = ClientConfig.find();
            urls = found.urls();
            key = found.key();
        }

        /** Where gateways of one store are, of which any will do. */
        public Builder urls(String... gateways) {
            urls = ClientConfig.split(String.join(",", gateways));
            return this;
        }

        /** The API's key; null for none. */
        public Builder key(@Nullable String secret) {
            key = secret;
            return this;
        }

        /** Name of the executor for maps that say none; null: the gateway's default. */
        public Builder executor(@Nullable String name) {
            executor = name;
            return this;
        }

        /** For how long a request is tried that is not answered. */
        public Builder patience(Duration time) {
            patience = time;
            return this;
        }

        /** Writes data, and reads values. */
        public Builder mapper(JsonMapper mapper) {
            json = mapper;
            return this;
        }

        /** Whether bars are shown where there is a terminal. */
        public Builder progress(boolean shown) {
            bars = shown ? ProgressBar.Factory.ofTerminal() : ProgressBar.Factory.none();
            return this;
        }

        /** Folders and jars of the class path that are not brought: what functions do not need, or others must not see. */
        public Builder leaveOut(Predicate<Path> entries) {
            leaveOut = entries;
            return this;
        }

        /** A folder for what is kept from one run to the next: hashes of class paths; else one of the user's. */
        public Builder cacheFolder(Path folder) {
            hashes = folder;
            return this;
        }

        Builder bars(ProgressBar.Factory factory) {
            bars = factory;
            return this;
        }

        /** The executor; nothing is asked of gateways yet. */
        public WrenExecutor build() {
            return new WrenExecutor(this);
        }
    }

    Gateways gateways() {
        return gateways;
    }

    /**
     * Applies a function to each of the data, elsewhere.
     *
     * @return the futures, in the order of the data
     * @throws IllegalArgumentException if the function cannot travel, or a datum has no JSON; nothing was begun then
     * @throws WrenException if the gateway refuses the map, or none answers
     */
    public <T extends @Nullable Object, R extends @Nullable Object> List<ResponseFuture<R>> map(
            RemoteFunction<? super T, R> function, Iterable<? extends T> data) {
        return map(function, data, MapOptions.defaults());
    }

    /** The same, with options. */
    public <T extends @Nullable Object, R extends @Nullable Object> List<ResponseFuture<R>> map(
            RemoteFunction<? super T, R> function, Iterable<? extends T> data, MapOptions options) {
        return submit(function, data.iterator(), options);
    }

    /** The same for data that come one by one: few of them are in memory at once. The stream is closed. */
    public <T extends @Nullable Object, R extends @Nullable Object> List<ResponseFuture<R>> map(
            RemoteFunction<? super T, R> function, Stream<? extends T> data, MapOptions options) {
        try (data) {
            return submit(function, data.iterator(), options);
        }
    }

    private <R extends @Nullable Object> List<ResponseFuture<R>> submit(RemoteFunction<?, R> function,
            Iterator<?> data, MapOptions options) {
        MapOptions all = executor == null || options.fields().containsKey("executor")
                ? options
                : options.executor(executor);
        FunctionCode found = FunctionCode.of(function, all.value(), json);
        Callset callset = submission.map(found, data, all);
        return new Calls<R>(gateways, id(callset), size(callset), found.value(), json,
                all.progress() ? bars : ProgressBar.Factory.none()).futures();
    }

    private static String id(Callset callset) {
        return String.valueOf(callset.getCallsetId());
    }

    private static int size(Callset callset) {
        Integer size = callset.getSize();
        return size == null ? 0 : size;
    }

    /** Calls that are known. */
    <R extends @Nullable Object> Calls<R> calls(String callset, int size, JavaType type) {
        return new Calls<>(gateways, callset, size, type, json, bars);
    }

    /** Applies a function to one datum, elsewhere. */
    public <T extends @Nullable Object, R extends @Nullable Object> ResponseFuture<R> callAsync(
            RemoteFunction<? super T, R> function, T datum) {
        return callAsync(function, datum, MapOptions.defaults());
    }

    /** The same, with options. */
    public <T extends @Nullable Object, R extends @Nullable Object> ResponseFuture<R> callAsync(
            RemoteFunction<? super T, R> function, T datum, MapOptions options) {
        return submit(function, Collections.singletonList(datum).iterator(), options).getFirst();
    }

    /**
     * Applies a function to each of the data, and another to the list of all values, elsewhere. If one of the calls has no
     * value, the reduce has none.
     */
    public <T extends @Nullable Object, R extends @Nullable Object, S extends @Nullable Object> ResponseFuture<S> mapReduce(
            RemoteFunction<? super T, R> map, Iterable<? extends T> data, RemoteFunction<? super List<R>, S> reduce) {
        return mapReduce(map, data, reduce, MapOptions.defaults());
    }

    /** The same, with options of the map, which the reduce has too. */
    public <T extends @Nullable Object, R extends @Nullable Object, S extends @Nullable Object> ResponseFuture<S> mapReduce(
            RemoteFunction<? super T, R> map, Iterable<? extends T> data, RemoteFunction<? super List<R>, S> reduce,
            MapOptions options) {
        return reduce(reduce, map(map, data, options), options);
    }

    /**
     * Applies a function to the list of all values of a map, once it has them.
     *
     * @param futures all of a map's, as {@link #map} has given them
     */
    public <R extends @Nullable Object, S extends @Nullable Object> ResponseFuture<S> reduce(
            RemoteFunction<? super List<R>, S> function, List<ResponseFuture<R>> futures) {
        return reduce(function, futures, MapOptions.defaults());
    }

    private <R extends @Nullable Object, S extends @Nullable Object> ResponseFuture<S> reduce(
            RemoteFunction<? super List<R>, S> function, List<ResponseFuture<R>> futures, MapOptions options) {
        FunctionCode found = FunctionCode.of(function, null, json);
        Callset callset = submission.reduce(found, Waiting.whole(futures).id(), options);
        return new Calls<S>(gateways, id(callset), size(callset), found.value(), json,
                options.progress() ? bars : ProgressBar.Factory.none()).futures().getFirst();
    }

    /**
     * Runs again what has failed or was cancelled of a map, by the same code.
     *
     * @param futures all of a map's, as {@link #map} has given them
     * @return futures of the calls that are run again, in order
     * @throws WrenException {@code not-done} if the map has not ended
     */
    public <R extends @Nullable Object> List<ResponseFuture<R>> redrive(List<ResponseFuture<R>> futures) {
        Calls<R> calls = Waiting.whole(futures);
        String key = UUID.randomUUID().toString();
        Callset callset = gateways.calls(api -> api.redrive(calls.id(), key));
        return calls.of(id(callset), size(callset)).futures();
    }

    /** Waits until all have ended. */
    public <R extends @Nullable Object> WaitResult<R> wait(Collection<ResponseFuture<R>> futures) {
        return wait(futures, ReturnWhen.ALL_COMPLETED);
    }

    /** Waits for futures, of one map or several. */
    public <R extends @Nullable Object> WaitResult<R> wait(Collection<ResponseFuture<R>> futures, ReturnWhen when) {
        return wait(futures, when, FOREVER);
    }

    /** The same for a while; what has not ended by then is among those that are not done. */
    public <R extends @Nullable Object> WaitResult<R> wait(Collection<ResponseFuture<R>> futures, ReturnWhen when,
            Duration timeout) {
        return waiting.wait(futures, when, timeout);
    }

    /**
     * All values, in order.
     *
     * @throws FunctionException if a call has none: the first, in order
     * @throws CancellationException if it was cancelled
     */
    public <R extends @Nullable Object> List<R> getAllResults(Collection<ResponseFuture<R>> futures) {
        try {
            return getAllResults(futures, FOREVER, true);
        } catch (TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * The same, waited for a while; with {@code throwExcept} false, null for calls that have failed or were cancelled.
     *
     * @throws TimeoutException if not all have ended by then
     */
    public <R extends @Nullable Object> List<R> getAllResults(Collection<ResponseFuture<R>> futures, Duration timeout,
            boolean throwExcept) throws TimeoutException {
        return waiting.results(futures, timeout, throwExcept);
    }

    /**
     * What the calls of a map come to, in order, each as soon as it and those before it have ended. Few are in memory at once.
     *
     * @param futures all of a map's, as {@link #map} or {@link #futures} has given them
     * @return to be closed by the caller, if it is not read to its end
     */
    public <R extends @Nullable Object> Stream<CallResult<R>> streamResults(List<ResponseFuture<R>> futures) {
        ResultLines<R> lines = new ResultLines<>(gateways, Waiting.whole(futures));
        return StreamSupport.stream(lines, false).onClose(lines::close);
    }

    /**
     * The futures of a map that was submitted before, by whomever.
     *
     * @param value what its values are bound to
     * @throws WrenException {@code not-found}
     */
    public <R extends @Nullable Object> List<ResponseFuture<R>> futures(String callsetId, Class<R> value) {
        return this.<R>calls(callsetId, info(callsetId).size(), json.constructType(value)).futures();
    }

    /**
     * A map, as it is now.
     *
     * @throws WrenException {@code not-found}
     */
    public CallsetInfo info(String callsetId) {
        return CallsetInfo.of(gateways.calls(api -> api.getCallset(callsetId, null, null)));
    }

    /**
     * Maps, newest first.
     *
     * @param tags only those that have all of these
     * @param limit at most so many
     */
    public List<CallsetInfo> listCallsets(Map<String, String> tags, int limit) {
        List<CallsetInfo> all = new ArrayList<>();
        List<String> filters = tags.entrySet().stream().map(tag -> tag.getKey() + ":" + tag.getValue()).toList();
        String cursor = null;
        do {
            String from = cursor;
            PageCallset page = gateways.calls(api -> api.listCallsets(null, null, filters,
                    Math.clamp(limit - all.size(), 1, PAGE), from));
            if (page.getItems() != null) {
                page.getItems().forEach(each -> all.add(CallsetInfo.of(each)));
            }
            cursor = Cursors.of(page.getNext());
        } while (cursor != null && all.size() < limit);
        return all;
    }

    /** Cancels what runs of a map, and removes all that is stored of it. */
    public void delete(String callsetId) {
        Object unused = gateways.calls(api -> {
            api.deleteCallset(callsetId);
            return "";
        });
    }

    /**
     * Brings a jar to the gateway, unless it is there.
     *
     * @return its reference, for {@link MapOptions#jars}
     */
    public String upload(Path jar) {
        return code.bring(List.of(jar)).getFirst();
    }

    /** Cancels all calls of these maps that have not ended. */
    public <R extends @Nullable Object> void cancel(Collection<ResponseFuture<R>> futures) {
        waiting.cancel(futures);
    }

    /** Launches machines of the pool: all of them, or none. */
    public List<WrenInstance> launchInstances(int number) {
        return launchInstances(number, LaunchOptions.defaults());
    }

    /** The same, with options. */
    public List<WrenInstance> launchInstances(int number, LaunchOptions options) {
        String key = UUID.randomUUID().toString();
        return instances(gateways.instances(
                api -> api.launchInstances(options.request(number), pool(), key)).getItems());
    }

    private @Nullable String pool() {
        return executor;
    }

    private static List<WrenInstance> instances(
            @Nullable List<dev.wren.client.generated.model.Instance> found) {
        return found == null ? List.of() : found.stream().map(WrenInstance::of).toList();
    }

    /** Machines of all pools. */
    public List<WrenInstance> listInstances() {
        List<WrenInstance> all = new ArrayList<>();
        String cursor = null;
        do {
            String from = cursor;
            PageInstance page = gateways.instances(api -> api.listInstances(null, PAGE, from));
            all.addAll(instances(page.getItems()));
            cursor = Cursors.of(page.getNext());
        } while (cursor != null);
        return all;
    }

    /** Ends a machine once its calls have ended, or gone back to the queue. */
    public WrenInstance terminateInstance(String id) {
        return WrenInstance.of(gateways.instances(api -> api.endInstance(id)));
    }

    /** Ends all machines of the pool. */
    public List<WrenInstance> terminateInstances() {
        return instances(gateways.instances(api -> api.endInstances(pool())).getItems());
    }

    /** Ends its connections, and with them all that is waited for by its futures; what runs elsewhere goes on. */
    @Override
    public void close() {
        gateways.close();
    }
}

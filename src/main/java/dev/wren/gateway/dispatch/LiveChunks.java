package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.LiveView;
import dev.wren.gateway.executor.Chunk;
import java.io.InputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The chunks of one callset that have not ended, and what readers see of them. What is not of the view needs the lock. */
final class LiveChunks implements LiveView {

    private final DriveState state;
    private final Set<Chunk> chunks = new LinkedHashSet<>();
    /** Those whose executor stays with them: as many as it runs at once. */
    private final Set<Chunk> near = new LinkedHashSet<>();
    /** The others, of which there may be very many, by their calls. */
    private final Map<Integer, Chunk> far = new HashMap<>();

    LiveChunks(DriveState state) {
        this.state = state;
    }

    void add(Chunk chunk) {
        chunks.add(chunk);
        near.add(chunk);
        if (chunk.isDetached()) {
            detached(chunk);
        }
    }

    /** The chunk is with a worker that outlives the gateway, if it has not ended meanwhile. */
    void detached(Chunk chunk) {
        if (near.remove(chunk)) {
            for (int call : chunk.open()) {
                far.put(call, chunk);
            }
        }
    }

    void remove(Chunk chunk) {
        chunks.remove(chunk);
        if (!near.remove(chunk)) {
            for (int position = 0; position < chunk.size(); position++) {
                far.remove(chunk.call(position), chunk);
            }
        }
    }

    int size() {
        return chunks.size();
    }

    /** Whether calls are with workers that outlive the gateway. */
    boolean anyFar() {
        return !far.isEmpty();
    }

    /** Chunks whose executor is at them. */
    int near() {
        return near.size();
    }

    List<Chunk> all() {
        return List.copyOf(chunks);
    }

    /** Those that have calls that were decided elsewhere. */
    List<Chunk> affected() {
        return chunks.stream()
                .filter(chunk -> Arrays.stream(chunk.open()).anyMatch(state.table::isDecided))
                .toList();
    }

    /** The chunk in which the call is not accounted for. */
    Optional<Chunk> of(int call) {
        return Stream.concat(Stream.ofNullable(far.get(call)), near.stream()).filter(chunk -> chunk.isOpen(call))
                .findFirst();
    }

    @Override
    public int[] calls() {
        return state.locked(() -> chunks.stream().flatMapToInt(chunk -> Arrays.stream(chunk.running())).toArray());
    }

    @Override
    public boolean isRunning(int call) {
        return state.locked(() -> of(call).filter(chunk -> chunk.isRunning(call)).isPresent());
    }

    @Override
    public @Nullable Instant invokedAt(int call) {
        return state.locked(() -> of(call).map(Chunk::invokedAt).or(() -> state.table.invokedAfter(call).stream()
                .mapToObj(after -> state.callset.createdAt().plusMillis(after)).findFirst())).orElse(null);
    }

    @Override
    public Optional<InputStream> output(int call) {
        return state.locked(() -> of(call)).flatMap(chunk -> chunk.output(call));
    }
}

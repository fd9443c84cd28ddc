package dev.wren.gateway.dispatch;

import dev.wren.gateway.callset.LiveView;
import dev.wren.gateway.executor.Chunk;
import java.io.InputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The chunks of one callset that have not ended, and what readers see of them. What is not of the view needs the lock. */
final class LiveChunks implements LiveView {

    private final DriveState state;
    private final Set<Chunk> chunks = new HashSet<>();

    LiveChunks(DriveState state) {
        this.state = state;
    }

    void add(Chunk chunk) {
        chunks.add(chunk);
    }

    void remove(Chunk chunk) {
        chunks.remove(chunk);
    }

    int size() {
        return chunks.size();
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
        return chunks.stream().filter(chunk -> chunk.isOpen(call)).findFirst();
    }

    @Override
    public int[] calls() {
        return state.locked(() -> chunks.stream().flatMapToInt(chunk -> Arrays.stream(chunk.running())).toArray());
    }

    @Override
    public boolean isRunning(int call) {
        return state.locked(() -> {
            for (Chunk chunk : chunks) {
                if (chunk.isRunning(call)) {
                    return true;
                }
            }
            return false;
        });
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

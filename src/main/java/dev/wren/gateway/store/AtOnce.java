package dev.wren.gateway.store;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** Requests that are made at once, since each takes its time where the store is far. */
public final class AtOnce {

    private AtOnce() {
    }

    /**
     * Applies {@code request} to each of a few things, all at once, and waits for the answers.
     *
     * @return the answers, in the order of {@code things}
     * @throws StoreException if it is interrupted; and the first, in that order, that a request throws
     */
    public static <T, R> List<R> map(List<T> things, Function<T, R> request) {
        if (things.size() == 1) {
            return List.of(request.apply(things.getFirst()));
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<R>> asked = things.stream().map(each -> threads.submit(() -> request.apply(each))).toList();
            List<R> answers = new ArrayList<>(things.size());
            for (Future<R> each : asked) {
                answers.add(each.get());
            }
            return answers;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("requests to the store were interrupted", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException failed -> throw failed;
                case Error failed -> throw failed;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }
}

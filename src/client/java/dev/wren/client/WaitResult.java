package dev.wren.client;

import java.util.List;

/**
 * What a wait came to.
 *
 * @param dones calls that have ended, in the order asked for
 * @param notDones the others, in the order asked for
 */
public record WaitResult<R>(List<ResponseFuture<R>> dones, List<ResponseFuture<R>> notDones) {

    public WaitResult {
        dones = List.copyOf(dones);
        notDones = List.copyOf(notDones);
    }
}

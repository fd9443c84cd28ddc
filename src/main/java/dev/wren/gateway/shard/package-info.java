/** Which gateway drives which callsets: the shards of the store, and the gateways that hold them. */
@NullMarked
package dev.wren.gateway.shard;

import org.jspecify.annotations.NullMarked;

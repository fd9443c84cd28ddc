/** What gateway and workers far away say to each other: JSON, since it passes through queues that take only text. */
@NullMarked
package dev.wren.protocol.remote;

import org.jspecify.annotations.NullMarked;

/** Child JVMs of a worker that is far away from its gateway, for functions that must not run in its own process. */
@NullMarked
package dev.wren.worker.process;

import org.jspecify.annotations.NullMarked;

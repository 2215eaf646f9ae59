import { Gauge, type GaugeConfiguration } from 'prom-client';

/** A gauge whose value is looked up when it is asked for, from whoever knows it. */
export class ObservedGauge<T extends string = string> extends Gauge<T> {
  private observer: (gauge: ObservedGauge<T>) => void | Promise<void>;

  constructor(configuration: Omit<GaugeConfiguration<T>, 'collect'>) {
    // prom-client calls it with the gauge as `this`, before the constructor below has ended too.
    super({ ...configuration, collect: () => this.observer?.(this) });
    this.observer = () => undefined;
  }

  /** @param read gives the value; for a gauge without labels */
  observe(read: () => number | boolean | Promise<number>): void {
    this.observer = async (gauge) => gauge.set({}, Number(await read()));
  }

  /** @param write sets the values of all labels; those of before are forgotten */
  observeAll(write: (gauge: this) => void): void {
    this.observer = () => {
      this.reset();
      write(this);
    };
  }
}

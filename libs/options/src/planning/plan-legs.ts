import { assetSubject, type Leg, LegAccount, type LegDirection, type SeriesTerms } from '#libs/protocol';
import type { IndexedSeries } from '../registry-index.js';
import { collateralAsset } from './amounts.js';

const NO_BACKER = new Uint8Array(20);

type Amounts = { direction: LegDirection; amount: bigint };

/** Makes the legs of one series, each on the rollup of its role. */
export class LegMaker {
  private readonly terms: SeriesTerms;

  constructor(
    private readonly series: IndexedSeries,
    private readonly backer: Uint8Array,
  ) {
    this.terms = series.terms;
  }

  position(direction: LegDirection, owner: Uint8Array, amount: bigint): Leg {
    const chainId = this.terms.positionChainId;
    return this.ofSeries(chainId, LegAccount.position, owner, { direction, amount });
  }

  exposure(direction: LegDirection, amount: bigint): Leg {
    return this.ofSeries(this.terms.exposureChainId, LegAccount.exposure, this.backer, { direction, amount });
  }

  collateral(direction: LegDirection, amount: bigint): Leg {
    return this.ofSeries(this.terms.collateralChainId, LegAccount.collateral, this.backer, { direction, amount });
  }

  /** The backer's balance of the collateral asset on the collateral's rollup. */
  backerCollateral(direction: LegDirection, amount: bigint): Leg {
    const { collateralChainId: chainId } = this.terms;
    return balanceLeg(chainId, this.backer, collateralAsset(this.terms), { direction, amount });
  }

  /** A balance on the settlement's rollup. */
  settlement(direction: LegDirection, owner: Uint8Array, asset: Uint8Array, amount: bigint): Leg {
    return balanceLeg(this.terms.settlementChainId, owner, asset, { direction, amount });
  }

  private ofSeries(chainId: number, account: LegAccount, owner: Uint8Array, { direction, amount }: Amounts): Leg {
    return { chainId, account, owner, subject: this.series.id, backer: this.backer, direction, amount };
  }
}

function balanceLeg(chainId: number, owner: Uint8Array, asset: Uint8Array, { direction, amount }: Amounts): Leg {
  return {
    chainId,
    account: LegAccount.balance,
    owner,
    subject: assetSubject(asset),
    backer: NO_BACKER,
    direction,
    amount,
  };
}

import preset from '@weir/jest-preset';

export default { ...preset, displayName: 'bench' };

import preset from '@weir/jest-preset/nest';

export default { ...preset, displayName: 'dlq-replayer' };
